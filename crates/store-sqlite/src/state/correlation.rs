//! A correlation id that is the text of the instance's own id, as most are, is not stored.

use store::EntityId;

const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Bytes of an id before which its text has a hyphen.
const HYPHENS: [usize; 4] = [4, 6, 8, 10];

/// An id as users see it: lower case, with hyphens.
pub(super) fn text_of(id: &EntityId) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in id.iter().enumerate() {
        if HYPHENS.contains(&place) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 0xf] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    text
}

/// The id whose text this is, if it is one.
pub(super) fn id_of(text: &str) -> Option<EntityId> {
    let mut id = EntityId::default();
    let mut digits = text
        .bytes()
        .filter_map(|byte| char::from(byte).to_digit(16));
    for byte in &mut id {
        let (high, low) = (digits.next()?, digits.next()?);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    (text_of(&id) == text).then_some(id)
}

/// What is stored of a correlation id.
pub(super) fn stored<'a>(id: &EntityId, correlation_id: &'a str) -> Option<&'a str> {
    (id_of(correlation_id).as_ref() != Some(id)).then_some(correlation_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_text_of_an_id_is_left_out() {
        let mut id = EntityId::default();
        id[0] = 0xab;
        id[15] = 0x10;
        let text = "ab000000-0000-0000-0000-000000000010";
        assert_eq!(text_of(&id), text);
        assert_eq!(id_of(text), Some(id));
        assert_eq!(stored(&id, text), None);
        for other in [
            "AB000000-0000-0000-0000-000000000010",
            "ab000000000000000000000000000010",
            "ab000000-0000-0000-0000-00000000001",
            "ab000000-0000-0000-0000-000000000010 ",
            "",
        ] {
            assert_eq!(id_of(other), None, "{other}");
            assert_eq!(stored(&id, other), Some(other));
        }
    }
}
