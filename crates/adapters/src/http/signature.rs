//! Signing the body with a shared secret.

use adapter::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expression::Template;
use hmac::{Hmac, Mac};
use http::HeaderName;
use sha2::{Sha256, Sha512};

use super::action::header_name;
use super::auth::{credential, sensitive};
use super::request::{Prepared, header_value};
use super::values::Values;
use crate::settings::Section;

pub(super) const SIGNATURE_KEYS: [&str; 6] = [
    "secret",
    "header",
    "prefix",
    "algorithm",
    "encoding",
    "timestamp-header",
];

/// The `hmac` of an adapter's `auth`.
pub(super) struct Signature {
    secret: Template,
    header: HeaderName,
    /// Put before the digest, `sha256=` say.
    prefix: String,
    sha512: bool,
    base64: bool,
    /// Signed before the body, with a full stop between.
    timestamp_header: Option<HeaderName>,
}

impl Signature {
    /// Reads and checks the settings.
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        section.only(&[&SIGNATURE_KEYS], &[]);
        section.require("secret");
        let header = section.text("header").unwrap_or("x-signature");
        let timestamp = section.text("timestamp-header");
        Some(Self {
            secret: section.credential("secret")?,
            header: header_name(section, "header", header)?,
            prefix: section.text("prefix").unwrap_or_default().to_owned(),
            sha512: section.choice("algorithm", &["sha256", "sha512"], &[]) == Some("sha512"),
            base64: section.choice("encoding", &["hex", "base64"], &[]) == Some("base64"),
            timestamp_header: timestamp
                .and_then(|name| header_name(section, "timestamp-header", name)),
        })
    }

    /// Adds the signature of the body.
    pub(super) fn sign(
        &self,
        request: &mut Prepared,
        values: &Values<'_>,
    ) -> Result<(), Box<Failure>> {
        let secret = credential(&self.secret, values, "auth.hmac.secret")?;
        let mut message = Vec::new();
        if let Some(header) = &self.timestamp_header {
            let now = unix_seconds().to_string();
            message.extend_from_slice(now.as_bytes());
            message.push(b'.');
            request
                .headers
                .insert(header.clone(), header_value(header, &now)?);
        }
        message.extend_from_slice(request.body.as_deref().unwrap_or_default());
        let digest = self.digest(secret.expose().as_bytes(), &message);
        let text = if self.base64 {
            STANDARD.encode(&digest)
        } else {
            hex(&digest)
        };
        sensitive(
            &mut request.headers,
            &self.header,
            &format!("{}{text}", self.prefix),
        )
    }

    fn digest(&self, key: &[u8], message: &[u8]) -> Vec<u8> {
        if self.sha512 {
            mac::<Hmac<Sha512>>(key, message)
        } else {
            mac::<Hmac<Sha256>>(key, message)
        }
    }
}

fn mac<M: Mac + hmac::digest::KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as Mac>::new_from_slice(key).expect("an HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unix_seconds() -> u64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
