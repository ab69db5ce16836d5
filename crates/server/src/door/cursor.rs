//! Cursors: opaque to clients, and checked, so that garbage is told from the end of a list.

use api::Code;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::refusal::Refusal;

/// Which list a cursor belongs to; one list's cursor is garbage to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cursor {
    /// Instances.
    Instances = 1,
    /// Steps of one instance.
    Steps = 2,
    /// Decisions.
    Decisions = 3,
    /// The audit.
    Audit = 4,
    /// History of one instance.
    History = 5,
    /// Operations.
    Operations = 6,
    /// Dead letters.
    DeadLetters = 7,
    /// Events.
    Events = 8,
    /// Schedules.
    Schedules = 12,
    /// Windows of triggers.
    Windows = 13,
}

const CHECK_BYTES: usize = 6;

impl Cursor {
    /// The text for a client.
    pub fn seal(self, place: &[u8]) -> String {
        let mut bytes = vec![self as u8];
        bytes.extend_from_slice(place);
        let check = blake3::hash(&bytes);
        bytes.extend_from_slice(&check.as_bytes()[..CHECK_BYTES]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that the text stands for.
    ///
    /// # Errors
    /// When it is none of this list's.
    pub fn open(self, text: &str) -> Result<Vec<u8>, Refusal> {
        let refused = || {
            Refusal::new(
                Code::BAD_CURSOR,
                "expected a cursor that this list gave out",
            )
        };
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
        let at = bytes.len().checked_sub(CHECK_BYTES).ok_or_else(refused)?;
        let (body, check) = bytes.split_at(at);
        let is_whole = blake3::hash(body).as_bytes()[..CHECK_BYTES] == *check;
        match body.split_first() {
            Some((kind, place)) if is_whole && *kind == self as u8 => Ok(place.to_vec()),
            _ => Err(refused()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_whole_and_in_its_own_list() {
        let text = Cursor::Audit.seal(b"place");
        assert_eq!(Cursor::Audit.open(&text).unwrap(), b"place");
        assert!(Cursor::Steps.open(&text).is_err());
        for garbage in ["", "%", "AAAA", &text[1..], &text[..text.len() - 1]] {
            assert!(Cursor::Audit.open(garbage).is_err(), "{garbage}");
        }
    }
}
