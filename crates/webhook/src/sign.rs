use base64::Engine;

use crate::key::{BASE64, Key};

/// The header of Standard Webhooks that names the message; a repetition bears the same.
pub const ID_HEADER: &str = "webhook-id";
/// The header of Standard Webhooks that says when it was signed, in seconds since the Unix epoch.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header of Standard Webhooks that bears the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// The value of [`SIGNATURE_HEADER`]: a signature of each key, so that a receiver may know the old or the new one while
/// a key is changed. An id holds no `.`, which would let another message bear the same signature.
#[must_use]
pub fn sign(keys: &[Key], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let timestamp = timestamp_s.to_string();
    let parts = standard_parts(id, &timestamp, body);
    let signature = |key: &Key| format!("v1,{}", BASE64.encode(key.sign(&parts)));
    keys.iter().map(signature).collect::<Vec<_>>().join(" ")
}

/// What Standard Webhooks signs: `ID.TIMESTAMP.BODY`.
pub(crate) fn standard_parts<'a>(id: &'a str, timestamp: &'a str, body: &'a [u8]) -> [&'a [u8]; 5] {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body]
}
