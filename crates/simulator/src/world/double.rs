//! A snapshot that claims to hold one record less than it does.

use bytes::Bytes;

/// The field of the progress in a snapshot's head, and that of the seq in the progress.
const PROGRESS: u64 = 4;
const SEQ: u64 = 1;

/// The same snapshot, its seq lowered by one.
pub(super) fn one_record_less(head: &Bytes) -> Bytes {
    let lowered = |progress: &[u8]| {
        rewrite(progress, SEQ, |value, out| {
            let (seq, _) = varint(value);
            put_varint(out, seq.saturating_sub(1));
        })
    };
    let changed = rewrite(head, PROGRESS, |value, out| {
        let (length, used) = varint(value);
        let length = usize::try_from(length).unwrap_or(0);
        let progress = lowered(&value[used..used + length]);
        put_varint(out, progress.len() as u64);
        out.extend(progress);
    });
    changed.into()
}

/// A protobuf message with one field's value written anew.
fn rewrite(message: &[u8], field: u64, write: impl Fn(&[u8], &mut Vec<u8>)) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), message);
    while !rest.is_empty() {
        let (key, used) = varint(rest);
        let value = &rest[used..];
        let length = match key & 7 {
            0 => varint(value).1,
            1 => 8,
            2 => {
                let (length, used) = varint(value);
                used + usize::try_from(length).unwrap_or(0)
            }
            _ => 4,
        };
        out.extend(&rest[..used]);
        if key >> 3 == field {
            write(value, &mut out);
        } else {
            out.extend(&value[..length]);
        }
        rest = &value[length..];
    }
    out
}

/// A number and how many bytes it takes.
fn varint(bytes: &[u8]) -> (u64, usize) {
    let mut number = 0;
    for (place, byte) in (0..).zip(bytes) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return (number, place + 1);
        }
    }
    (number, bytes.len())
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}
