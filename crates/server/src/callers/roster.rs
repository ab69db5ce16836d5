//! The callers that the configuration lists.

use std::collections::HashMap;

use api::Code;
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::caller::Caller;
use crate::door::Refusal;
use crate::hex::hex;

/// One configured caller.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// The user's name.
    pub user: String,
    /// Roles, permissions, groups.
    #[serde(default)]
    pub roles: Vec<String>,
    /// SHA-256 of the token, hexadecimal; the token itself is kept nowhere.
    pub sha256: String,
}

impl TokenSettings {
    /// A caller with this token.
    pub fn of_token(user: &str, roles: &[&str], token: &str) -> Self {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        Self {
            user: user.to_owned(),
            roles,
            sha256: hex(&hash(token)),
        }
    }

    /// Whether it makes sense.
    pub(crate) fn check(&self) -> Result<(), String> {
        let is_hash = self.sha256.len() == 64 && self.sha256.chars().all(|c| c.is_ascii_hexdigit());
        match (self.user.is_empty(), is_hash) {
            (true, _) => Err("expected a user for each token".to_owned()),
            (false, false) => Err(format!(
                "expected 64 hexadecimal digits in sha256 of {}",
                self.user
            )),
            (false, true) => Ok(()),
        }
    }
}

/// Everybody who may ask.
#[derive(Debug)]
pub struct Roster {
    /// By the hash of the token, hexadecimal. A look-up by hash gives nothing away by its timing.
    by_hash: HashMap<String, Caller>,
    /// Who a request without a token is.
    without_token: Option<Caller>,
}

impl Roster {
    /// The configured callers. Without any, everybody is `local` and may do everything (the
    /// settings allow that on a loopback address only).
    pub fn new(tokens: &[TokenSettings], without_token: Option<&str>) -> Self {
        if tokens.is_empty() {
            let local = Caller::new("local", &["admin".to_owned()]);
            return Self {
                by_hash: HashMap::new(),
                without_token: Some(local),
            };
        }
        let caller = |token: &TokenSettings| Caller::new(&token.user, &token.roles);
        let default = tokens
            .iter()
            .find(|token| Some(token.user.as_str()) == without_token);
        let by_hash = tokens
            .iter()
            .map(|t| (t.sha256.to_ascii_lowercase(), caller(t)));
        Self {
            by_hash: by_hash.collect(),
            without_token: default.map(caller),
        }
    }

    /// Who sends these headers.
    ///
    /// # Errors
    /// When nobody that is known does.
    pub fn identify(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            let detail = "expected a token in `Authorization: Bearer TOKEN`, but there is none";
            return self
                .without_token
                .clone()
                .ok_or_else(|| Refusal::unauthenticated(detail));
        };
        // A wrong token is refused even where none would do: its owner means to be somebody.
        let token = value.to_str().ok().and_then(bearer);
        let Some(token) = token else {
            let detail =
                "expected `Authorization: Bearer TOKEN`, but the header is of another kind";
            return Err(Refusal::unauthenticated(detail));
        };
        let known = self.by_hash.get(&hex(&hash(token))).cloned();
        let detail = "expected a token that the server knows, but this one is not among them";
        known.ok_or_else(|| Refusal::unauthenticated(detail))
    }
}

impl Refusal {
    fn unauthenticated(detail: &str) -> Self {
        Self::new(Code::NO_TOKEN, detail).header(header::WWW_AUTHENTICATE, "Bearer")
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(roster: &Roster, authorization: Option<&str>, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let user = roster
            .identify(&headers)
            .ok()
            .map(|caller| caller.user.to_string());
        assert_eq!(user.as_deref(), expected, "{authorization:?}");
    }

    #[test]
    fn a_token_names_its_user() {
        let tokens = [
            TokenSettings::of_token("ann", &["operator"], "a-token"),
            TokenSettings::of_token("root", &["admin"], "r-token"),
        ];
        let strict = Roster::new(&tokens, None);
        check(&strict, Some("Bearer a-token"), Some("ann"));
        check(&strict, Some("bearer  a-token"), Some("ann"));
        check(&strict, Some("Bearer a-toke"), None);
        check(&strict, Some("Basic a-token"), None);
        check(&strict, None, None);

        let lenient = Roster::new(&tokens, Some("root"));
        check(&lenient, None, Some("root"));
        check(&lenient, Some("Bearer wrong"), None);

        check(&Roster::new(&[], None), None, Some("local"));
    }
}
