//! The requests of a load, made before it begins.

use std::borrow::Cow;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use memchr::memmem;

use super::Shape;
use crate::http::{Answer, post};

/// Different requests that a load takes turns with: equal inputs would pack better than real ones do.
const VARIANTS: usize = 16;

/// What an answer must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// All were started, durably.
    Accepted,
    /// All have completed.
    Completed,
    /// All events were taken, durably.
    Taken,
    /// No more than that it was done: the other side is a peer.
    Success,
}

/// Requests of one load.
pub(crate) struct Requests {
    variants: Vec<Vec<u8>>,
    /// Workflows of one request.
    pub(crate) batch: usize,
    expect: Expect,
    /// Where each variant has the numbers of its items, which are others in each request; none: they stay.
    numbers: Vec<Vec<usize>>,
    /// Stands before these numbers.
    run: u64,
}

/// Digits of an item's number.
const DIGITS: usize = 16;
/// What stands in their place until a request is sent.
const UNNUMBERED: &[u8; DIGITS] = b"################";

impl Requests {
    /// Starts of a workflow with inputs of 500 bytes.
    pub(crate) fn new(workflow: &str, shape: Shape, expect: Expect) -> Self {
        Self::with(shape.batch, expect, |number| {
            format!(r#"{{"workflow":"{workflow}","input":{}}}"#, input(number))
        })
    }

    /// Starts as `item` makes them, from a number that is different for each.
    pub(crate) fn with(batch: usize, expect: Expect, item: impl Fn(u64) -> String) -> Self {
        let variant = |variant: usize| {
            let first = (variant * batch) as u64;
            Self::one(batch, expect, first, &item)
        };
        Self {
            variants: (0..VARIANTS).map(variant).collect(),
            batch,
            expect,
            numbers: Vec::new(),
            run: 0,
        }
    }

    /// These requests, one after the other, to a peer.
    pub(crate) fn to_peer(variants: Vec<Vec<u8>>) -> Self {
        Self {
            variants,
            batch: 1,
            expect: Expect::Success,
            numbers: Vec::new(),
            run: 0,
        }
    }

    /// Events of this source with data of 500 bytes, each with an id that no other has, nor one of another `run` (below
    /// 10,000).
    pub(crate) fn events(source: &str, shape: Shape, run: u64) -> Self {
        let unnumbered = String::from_utf8_lossy(UNNUMBERED);
        let event = |number: u64| {
            let data = input(number);
            format!(
                r#"{{"specversion":"1.0","id":"{unnumbered}","source":"{source}","type":"order.placed","data":{data}}}"#
            )
        };
        let variant = |variant: usize| {
            let first = (variant * shape.batch) as u64;
            let events: Vec<String> = (first..first + shape.batch as u64).map(event).collect();
            let (kind, body) = match shape.batch {
                1 => ("application/cloudevents+json", events.concat()),
                _ => {
                    let body = format!("[{}]", events.join(","));
                    ("application/cloudevents-batch+json", body)
                }
            };
            post("/api/v1/events", kind, body.as_bytes())
        };
        let variants: Vec<Vec<u8>> = (0..VARIANTS).map(variant).collect();
        let numbers = variants.iter();
        let numbers = numbers.map(|text| memmem::find_iter(text, UNNUMBERED).collect());
        Self {
            numbers: numbers.collect(),
            variants,
            batch: shape.batch,
            expect: Expect::Taken,
            run,
        }
    }

    /// The same requests, to a service that answers with no more than a status.
    pub(crate) fn for_service(self) -> Self {
        Self {
            expect: Expect::Success,
            ..self
        }
    }

    /// One request, whose items are numbered from `first`.
    pub(crate) fn one(
        batch: usize,
        expect: Expect,
        first: u64,
        item: impl Fn(u64) -> String,
    ) -> Vec<u8> {
        let items: Vec<String> = (first..first + batch as u64).map(item).collect();
        let wait = match expect {
            Expect::Completed => "?wait=5m",
            Expect::Accepted | Expect::Taken | Expect::Success => "",
        };
        let (path, body) = if batch == 1 {
            ("", items.concat())
        } else {
            ("/batch", format!(r#"{{"items":[{}]}}"#, items.join(",")))
        };
        let path = format!("/api/v1/workflows{path}{wait}");
        post(&path, "application/json", body.as_bytes())
    }

    /// The filter by which the store counts what these requests did.
    pub(crate) fn counted(&self) -> &'static str {
        match self.expect {
            Expect::Completed => "status=completed",
            Expect::Accepted | Expect::Taken | Expect::Success => "",
        }
    }

    /// The request at a place in the turn.
    pub(crate) fn at(&self, place: usize) -> Cow<'_, [u8]> {
        let variant = place % self.variants.len();
        let text = &self.variants[variant];
        let Some(numbers) = self.numbers.get(variant) else {
            return Cow::Borrowed(text);
        };
        let mut text = text.clone();
        for (item, at) in numbers.iter().enumerate() {
            let number = format!("{:04}{:012}", self.run, place * self.batch + item);
            text[*at..*at + DIGITS].copy_from_slice(number.as_bytes());
        }
        Cow::Owned(text)
    }

    /// Whether there was no room for some of the events: sent again, those that were taken are known.
    pub(crate) fn is_taken_in_part(&self, answer: &Answer<'_>) -> bool {
        let taken = || accepted(answer.body).is_some_and(|taken| taken < self.batch);
        self.expect == Expect::Taken && self.batch > 1 && answer.demand_success().is_ok() && taken()
    }

    /// An error unless the answer says what is expected.
    pub(crate) fn check(&self, answer: &Answer<'_>) -> Result<()> {
        answer.demand_success()?;
        let said = match self.expect {
            Expect::Success => return Ok(()),
            Expect::Accepted | Expect::Taken if self.batch == 1 => return Ok(()),
            Expect::Accepted | Expect::Taken => accepted(answer.body) == Some(self.batch),
            // The whole instance is answered: its own status stands before those of its steps.
            Expect::Completed if self.batch == 1 => first_status(answer.body) == Some("completed"),
            Expect::Completed => completed(answer.body) == self.batch,
        };
        if !said {
            let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(1_000)]);
            bail!("expected {} {:?}, but got {text}", self.batch, self.expect);
        }
        Ok(())
    }
}

/// How many starts of a batch were taken.
pub(super) fn accepted(body: &[u8]) -> Option<usize> {
    let key = br#""accepted":"#;
    let from = memmem::find(body, key)? + key.len();
    let digits = body[from..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0')))
}

fn first_status(body: &[u8]) -> Option<&str> {
    let key = br#""status":""#;
    let from = memmem::find(body, key)? + key.len();
    let length = memchr::memchr(b'"', &body[from..])?;
    std::str::from_utf8(&body[from..from + length]).ok()
}

fn completed(body: &[u8]) -> usize {
    memmem::find_iter(body, br#""status":"completed""#).count()
}

/// An order in JSON, 500 bytes, a different one for each number.
pub(crate) fn input(number: u64) -> String {
    let mut draw = mixed(number);
    let mut next = move |below: u64| {
        draw = mixed(draw);
        draw % below
    };
    let mut text = format!(
        r#"{{"order":"o-{:08}","amount":{}.{:02},"currency":"EUR","customer":{{"id":"c-{:06}","email":"user{}@example.org"}},"lines":["#,
        number % 100_000_000,
        next(1_000),
        next(100),
        next(1_000_000),
        next(1_000_000),
    );
    let separate = |text: &mut String, line: usize| {
        if line > 0 {
            text.push(',');
        }
    };
    for line in 0..4 {
        separate(&mut text, line);
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            r#"{{"sku":"s-{:08x}","count":{},"price":{}.{:02}}}"#,
            next(u64::from(u32::MAX)),
            1 + next(9),
            next(100),
            next(100),
        );
    }
    text.push_str(r#"],"note":""#);
    while text.len() < 498 {
        let word = format!("{:x} ", next(1 << 24));
        text.push_str(&word[..word.len().min(498 - text.len())]);
    }
    text.push_str("\"}");
    text
}

/// A number without a pattern, the same each time for the same one.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_json_of_500_bytes_each_another() {
        let inputs: Vec<String> = (0..100).map(input).collect();
        for text in &inputs {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            assert!(value["customer"]["id"].is_string());
            assert_eq!(text.len(), 500);
        }
        assert_ne!(inputs[0], inputs[1]);
        assert_eq!(input(7), inputs[7]);
    }

    #[test]
    fn no_two_events_have_one_id() {
        let requests = Requests::events("/s", Shape::batches(1, 3), 1);
        let ids = |place: usize| {
            let text = String::from_utf8(requests.at(place).into_owned()).unwrap();
            let ids = text
                .split("\"id\":\"")
                .skip(1)
                .map(|rest| rest[..DIGITS].to_owned());
            ids.filter(|id| id.bytes().all(|b| b.is_ascii_digit()))
                .collect::<Vec<_>>()
        };
        let mut all: Vec<String> = (0..100).flat_map(ids).collect();
        assert_eq!(all.len(), 300);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 300);
    }

    #[test]
    fn an_answer_is_checked_without_parsing_it() {
        let requests = Requests::new("w", Shape::batches(1, 2), Expect::Completed);
        let answer = |body: &'static str| Answer {
            status: 200,
            body: body.as_bytes(),
        };
        let both = r#"{"items":[{"status":"completed"},{"status":"completed"}]}"#;
        assert!(requests.check(&answer(both)).is_ok());
        let one = r#"{"items":[{"status":"completed"},{"status":"running"}]}"#;
        assert!(requests.check(&answer(one)).is_err());
        let single = Requests::new("w", Shape::single(1), Expect::Completed);
        let running = r#"{"status":"running","steps":[{"status":"completed"}]}"#;
        assert!(single.check(&answer(running)).is_err());
        assert_eq!(accepted(br#"{"accepted":120,"refused":0}"#), Some(120));
    }
}
