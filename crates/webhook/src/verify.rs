use base64::Engine;
use definition::SignatureScheme;

use crate::key::{BASE64, Key};
use crate::sign::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, standard_parts};

/// Where GitHub puts its signature.
const GITHUB_HEADER: &str = "x-hub-signature-256";
/// Where Stripe puts its signatures and the time.
const STRIPE_HEADER: &str = "stripe-signature";
/// The length of a signature, in bytes.
const LENGTH: usize = 32;
/// No more signatures of one header are looked at.
const MAX_SIGNATURES: usize = 16;

/// The headers of a request: the value of one, by its name in any case. One that is no text counts as absent.
pub type Headers<'a> = dyn Fn(&str) -> Option<&'a str> + 'a;

/// Why a webhook is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It lacks a header.
    #[error("the header `{0}` is missing")]
    MissingHeader(String),
    /// A header does not have the form that its scheme has.
    #[error("expected {expected} in the header `{header}`")]
    BadHeader {
        /// Which one.
        header: String,
        /// What was expected.
        expected: &'static str,
    },
    /// It was signed too long ago; someone may send an old one again.
    #[error("it was signed {by_s} s ago, and at most {tolerance_s} s are allowed")]
    TooOld {
        /// How long ago.
        by_s: u64,
        /// What is allowed.
        tolerance_s: u64,
    },
    /// It was signed too far in the future: one of the clocks is wrong.
    #[error(
        "it was signed {by_s} s in the future, and at most {tolerance_s} s are allowed: compare the clocks"
    )]
    TooNew {
        /// How far.
        by_s: u64,
        /// What is allowed.
        tolerance_s: u64,
    },
    /// No secret makes any of its signatures: another secret, or the body was changed on its way.
    #[error("the signature fits none of the secrets")]
    NoMatch,
}

/// Checks a webhook by its scheme; any of the keys may have signed. `now_ms` is since the Unix epoch.
///
/// # Errors
/// Why it is not to be taken. Nothing in it repeats what the sender sent.
pub fn verify(
    scheme: &SignatureScheme,
    keys: &[Key],
    headers: &Headers<'_>,
    body: &[u8],
    now_ms: i64,
) -> Result<(), VerifyError> {
    match scheme {
        SignatureScheme::StandardWebhooks { tolerance_ms } => {
            let id = required(headers, ID_HEADER)?;
            let timestamp = required(headers, TIMESTAMP_HEADER)?;
            let signatures = standard_signatures(required(headers, SIGNATURE_HEADER)?)?;
            check_time(TIMESTAMP_HEADER, timestamp, *tolerance_ms, now_ms)?;
            decide(keys, &standard_parts(id, timestamp, body), &signatures)
        }
        SignatureScheme::Github => {
            let signature = required(headers, GITHUB_HEADER)?;
            let hex = signature.strip_prefix("sha256=").and_then(from_hex);
            let signature = hex.ok_or_else(|| bad(GITHUB_HEADER, "`sha256=` and 64 hex digits"))?;
            decide(keys, &[body], &[signature])
        }
        SignatureScheme::Stripe { tolerance_ms } => {
            let (timestamp, signatures) = stripe_parts(required(headers, STRIPE_HEADER)?)?;
            check_time(STRIPE_HEADER, timestamp, *tolerance_ms, now_ms)?;
            decide(keys, &[timestamp.as_bytes(), b".", body], &signatures)
        }
        SignatureScheme::Hmac { header, timestamp } => {
            let signature = plain_signature(header, required(headers, header)?)?;
            let Some((time_header, tolerance_ms)) = timestamp else {
                return decide(keys, &[body], &[signature]);
            };
            let time = required(headers, time_header)?;
            check_time(time_header, time, *tolerance_ms, now_ms)?;
            decide(keys, &[time.as_bytes(), b".", body], &[signature])
        }
    }
}

fn decide(keys: &[Key], parts: &[&[u8]], signatures: &[Vec<u8>]) -> Result<(), VerifyError> {
    let right = keys.iter().filter(|key| key.signed(parts, signatures));
    match right.count() {
        0 => Err(VerifyError::NoMatch),
        _ => Ok(()),
    }
}

fn required<'a>(headers: &Headers<'a>, name: &str) -> Result<&'a str, VerifyError> {
    let found = headers(name)
        .map(str::trim)
        .filter(|value| !value.is_empty());
    found.ok_or_else(|| VerifyError::MissingHeader(name.to_owned()))
}

fn bad(header: &str, expected: &'static str) -> VerifyError {
    VerifyError::BadHeader {
        header: header.to_owned(),
        expected,
    }
}

/// `v1,BASE64 v1,BASE64 v1a,...`: those of other versions are passed over.
fn standard_signatures(header: &str) -> Result<Vec<Vec<u8>>, VerifyError> {
    let own = header.split_ascii_whitespace();
    let own = own.filter_map(|entry| entry.strip_prefix("v1,"));
    let found: Vec<Vec<u8>> = own.filter_map(from_base64).take(MAX_SIGNATURES).collect();
    if found.is_empty() {
        return Err(bad(SIGNATURE_HEADER, "`v1,` and a signature in Base64"));
    }
    Ok(found)
}

/// `t=SECONDS,v1=HEX,v1=HEX,v0=...`.
fn stripe_parts(header: &str) -> Result<(&str, Vec<Vec<u8>>), VerifyError> {
    let entries = || {
        header
            .split(',')
            .filter_map(|entry| entry.trim().split_once('='))
    };
    let time = entries().find(|(key, _)| *key == "t");
    let own = entries().filter(|(key, _)| *key == "v1");
    let found: Vec<Vec<u8>> = own
        .filter_map(|(_, value)| from_hex(value))
        .take(MAX_SIGNATURES)
        .collect();
    match time {
        Some((_, time)) if !found.is_empty() => Ok((time, found)),
        _ => Err(bad(STRIPE_HEADER, "`t=SECONDS,v1=HEX`")),
    }
}

/// Hex or Base64, with or without `sha256=` before it.
fn plain_signature(header: &str, value: &str) -> Result<Vec<u8>, VerifyError> {
    let value = value.strip_prefix("sha256=").unwrap_or(value);
    from_hex(value)
        .or_else(|| from_base64(value))
        .ok_or_else(|| bad(header, "an HMAC-SHA256 in hex or Base64"))
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text).ok()?;
    (bytes.len() == LENGTH).then_some(bytes)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != LENGTH * 2 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = digits.chunks_exact(2).map(|pair| {
        let value = digit(pair[0])? * 16 + digit(pair[1])?;
        u8::try_from(value).ok()
    });
    bytes.collect()
}

/// Whether the time of signing, in seconds since the Unix epoch, lies near enough to now.
fn check_time(header: &str, text: &str, tolerance_ms: u64, now_ms: i64) -> Result<(), VerifyError> {
    let seconds = text.parse::<i64>().ok().filter(|seconds| *seconds >= 0);
    let signed_ms = seconds.and_then(|seconds| seconds.checked_mul(1_000));
    let Some(signed_ms) = signed_ms else {
        return Err(bad(header, "a time in seconds since 1970"));
    };
    let by_ms = signed_ms.abs_diff(now_ms);
    if by_ms <= tolerance_ms {
        return Ok(());
    }
    let (by_s, tolerance_s) = (by_ms / 1_000, tolerance_ms / 1_000);
    Err(if signed_ms < now_ms {
        VerifyError::TooOld { by_s, tolerance_s }
    } else {
        VerifyError::TooNew { by_s, tolerance_s }
    })
}
