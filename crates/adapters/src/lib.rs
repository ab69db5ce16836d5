//! The kinds of adapters that this binary has: one folder each, one line in [`registry`].
//!
//! | kind | connects to |
//! | --- | --- |
//! | [`Http`] | services that speak HTTP |
//! | [`Builtin`] | nothing: small steps within the process |

mod builtin;
mod http;
mod settings;

pub use builtin::Builtin;
pub use http::Http;

use adapter::Registry;

/// All kinds.
#[must_use]
pub fn registry() -> Registry {
    Registry::default().with(Builtin).with(Http)
}
