//! Ids as users see them. A correlation id that is the text of the instance's own id, as most are, need
//! not be stored.

use crate::EntityId;

const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Bytes of an id before which its text has a hyphen.
const HYPHENS: [usize; 4] = [4, 6, 8, 10];

/// An id as users see it: lower case, with hyphens.
pub fn id_text(id: &EntityId) -> String {
    characters(id).map(char::from).collect()
}

/// The id whose text this is, if it is exactly one.
pub fn id_of_text(text: &str) -> Option<EntityId> {
    let mut id = EntityId::default();
    let mut digits = text
        .bytes()
        .filter_map(|byte| char::from(byte).to_digit(16));
    for byte in &mut id {
        let (high, low) = (digits.next()?, digits.next()?);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    is_id_text(text, &id).then_some(id)
}

/// Whether a text is exactly that of an id.
pub(crate) fn is_id_text(text: &str, id: &EntityId) -> bool {
    text.bytes().eq(characters(id))
}

fn characters(id: &EntityId) -> impl Iterator<Item = u8> {
    (0..).zip(id).flat_map(|(place, byte)| {
        let hyphen = HYPHENS.contains(&place).then_some(b'-');
        let digits = [byte >> 4, byte & 0xf].map(|half| DIGITS[usize::from(half)]);
        hyphen.into_iter().chain(digits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_text_of_an_id_is_one() {
        let mut id = EntityId::default();
        id[0] = 0xab;
        id[15] = 0x10;
        let text = "ab000000-0000-0000-0000-000000000010";
        assert_eq!(id_text(&id), text);
        assert_eq!(id_of_text(text), Some(id));
        assert!(is_id_text(text, &id));
        for other in [
            "AB000000-0000-0000-0000-000000000010",
            "ab000000000000000000000000000010",
            "ab000000-0000-0000-0000-00000000001",
            "ab000000-0000-0000-0000-000000000010 ",
            "",
        ] {
            assert_eq!(id_of_text(other), None, "{other}");
            assert!(!is_id_text(other, &id), "{other}");
        }
    }
}
