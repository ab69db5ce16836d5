//! Cursors of the stream of all: opaque to their holders.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where a stream is in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The batch that comes next.
    pub(super) position: u64,
    /// Records of it that were given already.
    pub(super) given: u32,
}

/// Bytes of one place.
const PLACE: usize = 8 + 4;

/// A cursor's text: the store's incarnation and a place per partition.
pub(super) fn encode(incarnation: u32, places: &[Place]) -> String {
    let mut bytes = incarnation.to_be_bytes().to_vec();
    for place in places {
        bytes.extend(place.position.to_be_bytes());
        bytes.extend(place.given.to_be_bytes());
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The incarnation and the places in a cursor's text.
pub(super) fn decode(text: &str) -> Option<(u32, Vec<Place>)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (incarnation, places) = bytes.split_at_checked(4)?;
    if places.len() % PLACE != 0 {
        return None;
    }
    let parse = |place: &[u8]| {
        let (position, given) = place.split_at_checked(8)?;
        let position = u64::from_be_bytes(position.try_into().ok()?);
        Some(Place {
            position,
            given: u32::from_be_bytes(given.try_into().ok()?),
        })
    };
    let places: Option<Vec<Place>> = places.chunks_exact(PLACE).map(parse).collect();
    Some((u32::from_be_bytes(incarnation.try_into().ok()?), places?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_garbage_does_not() {
        let places = [
            Place {
                position: 7,
                given: 3,
            },
            Place {
                position: u64::MAX,
                given: 0,
            },
        ];
        let text = encode(9, &places);
        assert_eq!(decode(&text), Some((9, places.to_vec())));
        for wrong in ["", "!", "AAAA", "AAAAAAA", &text[1..]] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
