use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use definition::SignatureScheme;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Base64 as senders write it: with or without padding.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a secret of Standard Webhooks begins with.
const PREFIX: &str = "whsec_";

/// A secret that no key can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a secret of Standard Webhooks (`whsec_` and Base64), but {0}")]
pub struct BadSecret(&'static str);

/// A key of HMAC-SHA256, made of a secret. Its content is never shown.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// The key that a scheme makes of a secret: Standard Webhooks decodes it, the others take it as it is.
    ///
    /// # Errors
    /// A secret of Standard Webhooks that is no Base64, or empty.
    pub fn new(scheme: &SignatureScheme, secret: &str) -> Result<Self, BadSecret> {
        match scheme {
            SignatureScheme::StandardWebhooks { .. } => Self::standard(secret),
            SignatureScheme::Github
            | SignatureScheme::Stripe { .. }
            | SignatureScheme::Hmac { .. } => Ok(Self::of(secret.as_bytes())),
        }
    }

    /// The key of a secret of Standard Webhooks.
    ///
    /// # Errors
    /// As [`Key::new`].
    pub fn standard(secret: &str) -> Result<Self, BadSecret> {
        let text = secret.trim();
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = BASE64
            .decode(text)
            .map_err(|_| BadSecret("it is no Base64"))?;
        if bytes.is_empty() {
            return Err(BadSecret("it is empty"));
        }
        Ok(Self::of(&bytes))
    }

    fn of(bytes: &[u8]) -> Self {
        Self(Hmac::new_from_slice(bytes).expect("HMAC takes keys of any length"))
    }

    /// The signature of parts, one behind the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        self.of_parts(parts).finalize().into_bytes().to_vec()
    }

    /// Whether one of these is the signature of parts, in a time that does not depend on how much of it is right.
    pub(crate) fn signed(&self, parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
        let mac = self.of_parts(parts);
        let right = |signature: &Vec<u8>| mac.clone().verify_slice(signature).is_ok();
        // All of them, so that the time does not tell which one is right either.
        signatures
            .iter()
            .filter(|signature| right(signature))
            .count()
            > 0
    }

    fn of_parts(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Key")
    }
}
