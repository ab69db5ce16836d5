//! What was built, embedded into the binary.

use axum::http::HeaderValue;

/// Names and contents, by name; `build.rs` writes them.
static BUILT: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

/// How a file is packed, best first.
const PACKINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// One file, with what it is called.
pub struct File {
    name: &'static str,
    bytes: &'static [u8],
}

/// The file of this name; the packed ones go out in place of theirs only.
pub fn find(name: &str) -> Option<File> {
    let is_packed = PACKINGS.iter().any(|(_, ending)| name.ends_with(ending));
    if is_packed { None } else { built(name) }
}

fn built(name: &str) -> Option<File> {
    let at = BUILT.binary_search_by_key(&name, |&(name, _)| name).ok()?;
    BUILT.get(at).map(|&(name, bytes)| File { name, bytes })
}

impl File {
    /// Its bytes in the best packing that is accepted, and that packing's name.
    pub fn packed(&self, accepted: &str) -> (Option<&'static str>, &'static [u8]) {
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
                let found = built(&format!("{}{ending}", self.name))?;
                Some((Some(*packing), found.bytes))
            })
            .unwrap_or((None, self.bytes))
    }

    /// Changes with its content.
    pub fn tag(&self) -> HeaderValue {
        let hash = blake3::hash(self.bytes).to_hex();
        HeaderValue::from_str(&format!("\"{}\"", &hash[..32]))
            .unwrap_or(HeaderValue::from_static("\"\""))
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
