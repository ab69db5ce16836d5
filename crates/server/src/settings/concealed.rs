//! Values that are never shown.

use std::fmt;

/// A secret value: neither `Debug` nor a list of settings shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Concealed(String);

impl Concealed {
    pub(super) fn new(value: String) -> Self {
        Self(value)
    }

    /// The value, for the one who needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Concealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(concealed)")
    }
}

/// A database's URL as it may be shown: where a password may stand, stars do.
pub fn without_password(url: &str) -> String {
    let (address, query) = match url.split_once('?') {
        Some((address, _)) => (address, "?..."),
        None => (url, ""),
    };
    let shown = match (address.split_once("://"), address.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://***{}", &address[at..]),
        _ => address.to_owned(),
    };
    shown + query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown_wherever_it_stands() {
        for (url, shown) in [
            ("postgres://db/x", "postgres://db/x"),
            (
                "postgres://ann:s3@cr:et@a:1,b:2/x",
                "postgres://***@a:1,b:2/x",
            ),
            ("postgres://a/x?password=secret", "postgres://a/x?..."),
            (
                "postgres://ann@a/x?sslmode=require",
                "postgres://***@a/x?...",
            ),
        ] {
            assert_eq!(without_password(url), shown);
        }
        let shown = format!("{:?}", Concealed::new("secret".to_owned()));
        assert!(!shown.contains("secret"));
    }
}
