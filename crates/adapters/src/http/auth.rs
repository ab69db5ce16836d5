//! How a call proves who it comes from. Credentials are looked up for each call.

use adapter::{Failure, Secret, error_type};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expression::Template;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use super::action::header_name;
use super::client::ClientIdentity;
use super::config::parse_url;
use super::oauth2::TokenRequest;
use super::request::{Prepared, header_value};
use super::signature::Signature;
use super::standard::StandardSignature;
use super::values::Values;
use crate::settings::Section;

pub(super) const SCHEMES: [&str; 6] = [
    "bearer",
    "basic",
    "api-key",
    "hmac",
    "standard-webhooks",
    "oauth2",
];

/// The `auth` of an adapter.
#[derive(Default)]
pub(super) struct AuthSettings {
    scheme: Option<Scheme>,
    mtls: Option<Mtls>,
}

enum Scheme {
    Bearer(Template),
    Basic {
        username: Template,
        password: Template,
    },
    ApiKeyHeader(HeaderName, Template),
    ApiKeyQuery(String, Template),
    Hmac(Signature),
    StandardWebhooks(StandardSignature),
    OAuth2(ClientCredentials),
}

struct ClientCredentials {
    token_url: Template,
    client_id: Template,
    client_secret: Template,
    scope: Option<Template>,
    audience: Option<Template>,
    in_body: bool,
}

struct Mtls {
    cert: Template,
    key: Template,
    ca: Option<Template>,
}

impl AuthSettings {
    /// Reads and checks the settings.
    pub(super) fn read(root: &Section<'_>) -> Self {
        let Some(section) = root.get("auth").and_then(|_| root.section("auth")) else {
            return Self::default();
        };
        section.only(&[&SCHEMES, &["mtls"]], &[]);
        let named: Vec<&str> = section.keys().filter(|key| SCHEMES.contains(key)).collect();
        if named.len() > 1 {
            let found = named.join("`, `");
            section.wrong_here(format!(
                "expected one way to authenticate, but found `{found}`"
            ));
        }
        if section.keys().next().is_none() {
            section.wrong_here("expected a way to authenticate, but the mapping is empty");
        }
        Self {
            scheme: named.first().and_then(|name| scheme(&section, name)),
            mtls: section
                .get("mtls")
                .and_then(|_| mtls(&section.section("mtls")?)),
        }
    }

    /// Adds what can be added at once; a token is only described, for it may have to be fetched.
    pub(super) fn apply(
        &self,
        request: &mut Prepared,
        values: &Values<'_>,
    ) -> Result<(), Box<Failure>> {
        if let Some(mtls) = &self.mtls {
            request.identity = Some(mtls.identity(values)?);
        }
        match &self.scheme {
            None => Ok(()),
            Some(Scheme::Bearer(token)) => {
                let token = credential(token, values, "auth.bearer")?;
                bearer(&mut request.headers, &token)
            }
            Some(Scheme::Basic { username, password }) => {
                let username = values
                    .text(username, "auth.basic.username")?
                    .unwrap_or_default();
                let password = credential(password, values, "auth.basic.password")?;
                let pair = STANDARD.encode(format!("{username}:{}", password.expose()));
                values.secrets().hide(Secret::new(pair.as_str()));
                sensitive(
                    &mut request.headers,
                    &AUTHORIZATION,
                    &format!("Basic {pair}"),
                )
            }
            Some(Scheme::ApiKeyHeader(name, value)) => {
                let value = credential(value, values, "auth.api-key")?;
                sensitive(&mut request.headers, name, value.expose())
            }
            Some(Scheme::ApiKeyQuery(name, value)) => {
                let value = credential(value, values, "auth.api-key")?;
                request
                    .url
                    .query_pairs_mut()
                    .append_pair(name, value.expose());
                let joint = if request.shown_url.contains('?') {
                    '&'
                } else {
                    '?'
                };
                request.shown_url.push_str(&format!("{joint}{name}=***"));
                Ok(())
            }
            Some(Scheme::Hmac(signature)) => signature.sign(request, values),
            Some(Scheme::StandardWebhooks(signature)) => signature.sign(request, values),
            Some(Scheme::OAuth2(client)) => {
                request.token = Some(client.token_request(values)?);
                Ok(())
            }
        }
    }
}

/// Puts an access token into the request.
pub(super) fn bearer(headers: &mut HeaderMap, token: &Secret) -> Result<(), Box<Failure>> {
    sensitive(
        headers,
        &AUTHORIZATION,
        &format!("Bearer {}", token.expose()),
    )
}

/// Puts a header whose value is shown to nobody into the request.
pub(super) fn sensitive(
    headers: &mut HeaderMap,
    name: &HeaderName,
    text: &str,
) -> Result<(), Box<Failure>> {
    let mut value = header_value(name, text)?;
    value.set_sensitive(true);
    headers.insert(name.clone(), value);
    Ok(())
}

/// The value of a credential, to be hidden from now on.
pub(super) fn credential(
    template: &Template,
    values: &Values<'_>,
    what: &str,
) -> Result<Secret, Box<Failure>> {
    let text = values.text(template, what)?.unwrap_or_default();
    // A file that holds a secret often ends in a line break that is no part of it.
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        let message = format!("expected a value for `{what}`, but it is empty");
        return Err(Box::new(Failure::permanent(error_type::SECRET, message)));
    }
    let secret = Secret::new(text);
    values.secrets().hide(secret.clone());
    Ok(secret)
}

fn scheme(section: &Section<'_>, name: &str) -> Option<Scheme> {
    match name {
        "bearer" => Some(Scheme::Bearer(section.credential("bearer")?)),
        "basic" => basic(&section.section(name)?),
        "api-key" => api_key(&section.section(name)?),
        "hmac" => Signature::read(&section.section(name)?).map(Scheme::Hmac),
        "standard-webhooks" => {
            StandardSignature::read(&section.section(name)?).map(Scheme::StandardWebhooks)
        }
        _ => client_credentials(&section.section("oauth2")?),
    }
}

fn basic(section: &Section<'_>) -> Option<Scheme> {
    section.only(&[&["username", "password"]], &[]);
    section.require("username");
    section.require("password");
    Some(Scheme::Basic {
        username: section.template("username")?,
        password: section.credential("password")?,
    })
}

fn api_key(section: &Section<'_>) -> Option<Scheme> {
    section.only(&[&["header", "query", "value"]], &[]);
    section.require("value");
    let value = section.credential("value")?;
    match (section.text("header"), section.text("query")) {
        (Some(name), None) => {
            let name = header_name(section, "header", name)?;
            Some(Scheme::ApiKeyHeader(name, value))
        }
        (None, Some(name)) => Some(Scheme::ApiKeyQuery(name.to_owned(), value)),
        (Some(_), Some(_)) | (None, None) => {
            section.wrong_here("expected either `header` or `query`, to say where the key stands");
            None
        }
    }
}

pub(super) const OAUTH2_KEYS: [&str; 6] = [
    "token-url",
    "client-id",
    "client-secret",
    "scope",
    "audience",
    "credentials",
];

fn client_credentials(section: &Section<'_>) -> Option<Scheme> {
    section.only(&[&OAUTH2_KEYS], &[]);
    for key in ["token-url", "client-id", "client-secret"] {
        section.require(key);
    }
    Some(Scheme::OAuth2(ClientCredentials {
        token_url: section.template("token-url")?,
        client_id: section.template("client-id")?,
        client_secret: section.credential("client-secret")?,
        scope: section.template("scope"),
        audience: section.template("audience"),
        in_body: section.choice("credentials", &["header", "body"], &[]) == Some("body"),
    }))
}

fn mtls(section: &Section<'_>) -> Option<Mtls> {
    section.only(&[&["cert", "key", "ca"]], &[]);
    section.require("cert");
    section.require("key");
    Some(Mtls {
        cert: section.template("cert")?,
        key: section.credential("key")?,
        ca: section.template("ca"),
    })
}

impl Mtls {
    fn identity(&self, values: &Values<'_>) -> Result<ClientIdentity, Box<Failure>> {
        let ca = match &self.ca {
            Some(ca) => values.text(ca, "auth.mtls.ca")?.map(Secret::new),
            None => None,
        };
        let cert = values
            .text(&self.cert, "auth.mtls.cert")?
            .unwrap_or_default();
        Ok(ClientIdentity {
            cert: Secret::new(cert),
            key: credential(&self.key, values, "auth.mtls.key")?,
            ca,
        })
    }
}

impl ClientCredentials {
    fn token_request(&self, values: &Values<'_>) -> Result<TokenRequest, Box<Failure>> {
        let optional = |template: &Option<Template>, what: &str| match template {
            Some(template) => values.text(template, what),
            None => Ok(None),
        };
        let url = values.text(&self.token_url, "auth.oauth2.token-url")?;
        let url = parse_url(&url.unwrap_or_default()).map_err(|reason| {
            let message = format!("`auth.oauth2.token-url`: {reason}");
            Box::new(Failure::permanent(error_type::CONFIG, message))
        })?;
        let id = values.text(&self.client_id, "auth.oauth2.client-id")?;
        Ok(TokenRequest {
            url,
            client_id: id.unwrap_or_default(),
            client_secret: credential(&self.client_secret, values, "auth.oauth2.client-secret")?,
            scope: optional(&self.scope, "auth.oauth2.scope")?,
            audience: optional(&self.audience, "auth.oauth2.audience")?,
            in_body: self.in_body,
        })
    }
}
