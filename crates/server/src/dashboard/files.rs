//! What was built, embedded into the binary (a debug build reads the folder instead).

use std::borrow::Cow;

use axum::http::HeaderValue;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Built;

/// One file, with what it is called.
pub struct File {
    name: String,
    embedded: EmbeddedFile,
}

/// How a file is packed, best first.
const PACKINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The file of this name; the packed ones go out in place of theirs only.
pub fn find(name: &str) -> Option<File> {
    if PACKINGS.iter().any(|(_, ending)| name.ends_with(ending)) {
        return None;
    }
    let embedded = Built::get(name)?;
    Some(File {
        name: name.to_owned(),
        embedded,
    })
}

impl File {
    /// Its bytes in the best packing that is accepted, and that packing's name.
    pub fn packed(&self, accepted: &str) -> (Option<&'static str>, Cow<'static, [u8]>) {
        let is_accepted = |packing: &str| {
            accepted.split(',').any(|part| {
                let mut words = part.split(';').map(str::trim);
                words.next() == Some(packing) && words.all(|word| word != "q=0")
            })
        };
        PACKINGS
            .iter()
            .filter(|(packing, _)| is_accepted(packing))
            .find_map(|(packing, ending)| {
                let found = Built::get(&format!("{}{ending}", self.name))?;
                Some((Some(*packing), found.data))
            })
            .unwrap_or_else(|| (None, self.embedded.data.clone()))
    }

    /// Changes with its content.
    pub fn tag(&self) -> HeaderValue {
        let hash = self.embedded.metadata.sha256_hash();
        let hex: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
    }

    /// Whether its name changes with its content, as Vite names what a page loads.
    pub fn is_hashed(&self) -> bool {
        self.name.starts_with("assets/")
    }

    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("woff2") => "font/woff2",
            Some("json") => "application/json",
            _ => "application/octet-stream",
        }
    }
}
