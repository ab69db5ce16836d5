//! An instance's chunks and history as rows and as one blob. Numbers in the blob take as many bytes as
//! they need (7 bits in each, the lowest first); bytes carry their length.

use bytes::Bytes;
use store::{HistorySegment, Parts, StoreError};
use tokio_postgres::Row;

/// Adds a row of a table of parts: its second column says whether it is history, then come number,
/// last seq and bytes.
pub(super) fn take(parts: &mut Parts, row: &Row) {
    let bytes = Bytes::copy_from_slice(row.get(4));
    match row.get(1) {
        false => parts.put_chunk(row.get::<_, i64>(2) as u32, bytes),
        true => parts.append(HistorySegment {
            first_seq: row.get::<_, i64>(2) as u64,
            last_seq: row.get::<_, i64>(3) as u64,
            bytes,
        }),
    }
}

/// As one blob.
pub(super) fn encode(parts: &Parts) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.bytes() + 16);
    write_number(&mut out, parts.chunks.len() as u64);
    for (chunk, bytes) in &parts.chunks {
        write_number(&mut out, u64::from(*chunk));
        write_bytes(&mut out, bytes);
    }
    for segment in &parts.history {
        write_number(&mut out, segment.first_seq);
        write_number(&mut out, segment.last_seq);
        write_bytes(&mut out, &segment.bytes);
    }
    out
}

/// Out of one blob.
pub(super) fn decode(blob: &[u8]) -> Result<Parts, StoreError> {
    read(Bytes::copy_from_slice(blob)).ok_or_else(|| StoreError::Corrupt {
        place: "an ended instance's row".into(),
        detail: "expected its packed chunks and history, but they do not decode; restore the \
                     database from a backup"
            .into(),
    })
}

fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn read(mut rest: Bytes) -> Option<Parts> {
    let mut parts = Parts::default();
    for _ in 0..read_number(&mut rest)? {
        let chunk = u32::try_from(read_number(&mut rest)?).ok()?;
        parts.chunks.push((chunk, read_bytes(&mut rest)?));
    }
    while !rest.is_empty() {
        parts.history.push(HistorySegment {
            first_seq: read_number(&mut rest)?,
            last_seq: read_number(&mut rest)?,
            bytes: read_bytes(&mut rest)?,
        });
    }
    Some(parts)
}

fn read_number(rest: &mut Bytes) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = *rest.first()?;
        let _ = rest.split_to(1);
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn read_bytes(rest: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(read_number(rest)?).ok()?;
    (length <= rest.len()).then(|| rest.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_from_their_blob() {
        let segment = |first_seq, last_seq| HistorySegment {
            first_seq,
            last_seq,
            bytes: Bytes::from(vec![7; 300]),
        };
        let mut parts = Parts::default();
        assert_eq!(decode(&encode(&parts)).ok(), Some(parts.clone()));
        parts.put_chunk(u32::MAX, Bytes::new());
        parts.put_chunk(2, Bytes::from_static(b"chunk"));
        parts.append(segment(5, u64::MAX));
        parts.append(segment(1, 4));
        let blob = encode(&parts);
        assert_eq!(decode(&blob).ok(), Some(parts));
        assert!(decode(&blob[..blob.len() - 1]).is_err());
        assert!(decode(&[]).is_err());
    }

    #[test]
    fn a_segment_stays_as_first_written_and_a_chunk_does_not() {
        let segment = |text| HistorySegment {
            first_seq: 1,
            last_seq: 1,
            bytes: Bytes::from_static(text),
        };
        let mut parts = Parts::default();
        parts.append(segment(b"a"));
        parts.put_chunk(0, Bytes::from_static(b"a"));
        let mut later = Parts::default();
        later.append(segment(b"b"));
        later.put_chunk(0, Bytes::from_static(b"b"));
        parts.extend(later);
        assert_eq!(parts.history, [segment(b"a")]);
        assert_eq!(parts.chunks, [(0, Bytes::from_static(b"b"))]);
    }
}
