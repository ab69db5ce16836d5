//! Callback tokens: unguessable, derived from the store's secret so that they outlive a restart.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::Id;
use engine::record::{StepRef, TaskKey};

/// Bytes of a task in a token: instance, lane, step, kind, generation, attempt.
const NAME: usize = 16 + 4 * 5;
/// Bytes of the keyed hash in a token.
const MAC: usize = 20;

/// Makes and reads callback tokens. A token names its task, so nothing has to be remembered; it is
/// used up when the task is no longer open.
pub(crate) struct Tokens {
    secret: [u8; 32],
}

impl Tokens {
    /// For a store with this secret.
    pub(crate) const fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// The store's secret, to derive other keys from.
    pub(crate) const fn key(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The token of a task.
    pub(crate) fn of(&self, id: Id, task: TaskKey) -> String {
        let name = name(id, task);
        let mut token = name.to_vec();
        token.extend(&self.mac(&name)[..MAC]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The task of a token that this store made.
    pub(crate) fn read(&self, token: &str) -> Option<(Id, TaskKey)> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (name, mac) = bytes.split_at_checked(NAME)?;
        // Compared in constant time, so that a guess learns nothing from how long it took.
        let expected = self.mac(name);
        let given: [u8; MAC] = mac.try_into().ok()?;
        let same = given
            .iter()
            .zip(&expected)
            .fold(0, |seen, (a, b)| seen | (a ^ b))
            == 0;
        same.then(|| parse(name)).flatten()
    }

    fn mac(&self, name: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(&self.secret, name).as_bytes()
    }
}

fn name(id: Id, task: TaskKey) -> [u8; NAME] {
    let mut bytes = [0; NAME];
    bytes[..16].copy_from_slice(&id.bytes());
    let kind = u32::try_from(task.kind).unwrap_or_default();
    let words = [
        task.at.lane,
        task.at.step,
        kind,
        task.generation,
        task.attempt,
    ];
    for (place, word) in bytes[16..].chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

fn parse(name: &[u8]) -> Option<(Id, TaskKey)> {
    let id = Id::from_slice(name.get(..16)?)?;
    let word = |place: usize| {
        let from = 16 + place * 4;
        Some(u32::from_be_bytes(
            name.get(from..from + 4)?.try_into().ok()?,
        ))
    };
    let task = TaskKey {
        at: StepRef {
            lane: word(0)?,
            step: word(1)?,
        },
        kind: i32::try_from(word(2)?).ok()?,
        generation: word(3)?,
        attempt: word(4)?,
    };
    Some((id, task))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_task_and_nobody_else_can_make_it() {
        let at = StepRef { lane: 3, step: 2 };
        let task = TaskKey {
            at,
            kind: 1,
            generation: 2,
            attempt: 7,
        };
        let id = Id::new(1_760_000_000_000, 99, 7);
        let tokens = Tokens::new([7; 32]);
        let token = tokens.of(id, task);
        assert_eq!(tokens.read(&token), Some((id, task)));
        assert_eq!(Tokens::new([8; 32]).read(&token), None);
        let changed: String = token.chars().rev().collect();
        for wrong in ["", "x", "####", &token[1..], &changed] {
            assert_eq!(tokens.read(wrong), None, "{wrong}");
        }
    }
}
