//! Links by which a decision is answered: signed under the store's secret, so that they outlive a
//! restart and nothing has to be remembered, and put into a notice only as its call is made, so
//! that they never stand in the journal. A link is used up when its notice's place has answered, or
//! the decision is made.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use engine::record::Choice;
use engine::view::{LINK_PREFIX, LINK_SUFFIX, parse_decision_link};
use engine::{Id, Instance};

use super::token::Tokens;

/// Bytes of what a link says: instance, decision, notice, choice, end.
const NAME: usize = 16 + 16 + 4 + 1 + 8;
/// Bytes of the keyed hash in a link.
const MAC: usize = 20;
/// How long a link of a decision without a time-out works, in milliseconds.
const WITHOUT_END: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Where links lead, behind the server's own URL.
const PATH: &str = "/api/v1/decision-links/";

/// What a link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecisionLink {
    /// The instance that asks.
    pub instance: Id,
    /// The decision.
    pub decision: Id,
    /// The notice's place among the decision's, from 1.
    pub notice: u32,
    /// Approve or reject.
    pub choice: Choice,
    /// When it stops working, milliseconds since the epoch.
    pub expires_at: i64,
}

impl DecisionLink {
    /// The token of the link.
    pub(crate) fn seal(&self, tokens: &Tokens) -> String {
        let mut token = Vec::with_capacity(NAME + MAC);
        token.extend(self.instance.bytes());
        token.extend(self.decision.bytes());
        token.extend(self.notice.to_be_bytes());
        token.push(u8::from(self.choice == Choice::Approve));
        token.extend(self.expires_at.to_be_bytes());
        let mac = mac(tokens, &token);
        token.extend(&mac[..MAC]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The link of a token that this store made.
    pub(crate) fn open(token: &str, tokens: &Tokens) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (name, given) = bytes.split_at_checked(NAME)?;
        let expected = mac(tokens, name);
        // Compared in constant time, so that a guess learns nothing from how long it took.
        let pairs = given.iter().zip(&expected[..MAC]);
        let same = given.len() == MAC && pairs.fold(0, |seen, (a, b)| seen | (a ^ b)) == 0;
        let (instance, rest) = name.split_at_checked(16)?;
        let (decision, rest) = rest.split_at_checked(16)?;
        let (notice, rest) = rest.split_at_checked(4)?;
        let (choice, expires_at) = rest.split_first()?;
        let link = Self {
            instance: Id::from_slice(instance)?,
            decision: Id::from_slice(decision)?,
            notice: u32::from_be_bytes(notice.try_into().ok()?),
            choice: if *choice == 1 {
                Choice::Approve
            } else {
                Choice::Reject
            },
            expires_at: i64::from_be_bytes(expires_at.try_into().ok()?),
        };
        same.then_some(link)
    }
}

fn mac(tokens: &Tokens, name: &[u8]) -> [u8; 32] {
    let key = blake3::derive_key("orchestrator 2026 links of decisions", tokens.key());
    *blake3::keyed_hash(&key, name).as_bytes()
}

/// A notice's input with its links in their places.
pub(super) fn with_links(
    instance: &Instance,
    input: Bytes,
    tokens: &Tokens,
    base: Option<&str>,
    now: i64,
) -> Bytes {
    let Ok(mut rest) = std::str::from_utf8(&input) else {
        return input;
    };
    let mut text = String::with_capacity(rest.len());
    while let Some(start) = rest.find(LINK_PREFIX) {
        let (before, place) = rest.split_at(start);
        text.push_str(before);
        let inner = &place[LINK_PREFIX.len()..];
        let Some(end) = inner.find(LINK_SUFFIX) else {
            rest = place;
            break;
        };
        match link_at(instance, &inner[..end], tokens, base, now) {
            Some(link) => text.push_str(&link),
            None => text.push_str(&place[..LINK_PREFIX.len() + end + LINK_SUFFIX.len()]),
        }
        rest = &inner[end + LINK_SUFFIX.len()..];
    }
    text.push_str(rest);
    text.into()
}

/// The link of a place, of a decision of this instance that still waits.
fn link_at(
    instance: &Instance,
    place: &str,
    tokens: &Tokens,
    base: Option<&str>,
    now: i64,
) -> Option<String> {
    let (decision, notice, verb) = parse_decision_link(place)?;
    let mut pending = instance.pending_decisions().iter();
    let pending = pending.find(|one| one.id == decision.bytes()[..])?;
    let base = base.unwrap_or_default();
    let choice = match verb {
        "approve" => Choice::Approve,
        "reject" => Choice::Reject,
        _ => return Some(format!("{base}/decisions?id={decision}")),
    };
    let deadline = pending
        .asking
        .as_deref()
        .and_then(|asking| asking.deadline());
    let link = DecisionLink {
        instance: instance.id(),
        decision,
        notice,
        choice,
        expires_at: deadline.unwrap_or(now.saturating_add(WITHOUT_END)),
    };
    Some(format!("{base}{PATH}{}", link.seal(tokens)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_what_it_does_and_nobody_else_can_make_it() {
        let link = DecisionLink {
            instance: Id::new(1, 2, 3),
            decision: Id::new(4, 5, 6),
            notice: 2,
            choice: Choice::Approve,
            expires_at: 99,
        };
        let tokens = Tokens::new([7; 32]);
        let token = link.seal(&tokens);
        assert_eq!(DecisionLink::open(&token, &tokens), Some(link));
        assert_eq!(DecisionLink::open(&token, &Tokens::new([8; 32])), None);
        let changed: String = token.chars().rev().collect();
        for wrong in [
            "",
            "x",
            "####",
            &token[1..],
            &token[..token.len() - 2],
            &changed,
        ] {
            assert_eq!(DecisionLink::open(wrong, &tokens), None, "{wrong}");
        }
    }
}
