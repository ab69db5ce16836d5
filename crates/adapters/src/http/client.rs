//! The connection pools.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapter::{Failure, OutboundPolicy, Secret, error_type};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, ClientBuilder, Identity};
use url::Url;

use super::outbound::{CheckedResolver, check_literal};

/// Servers of ours that close an idle connection do it after 5 s (Node) or later; a connection that is
/// given up before never loses a request to that race.
const IDLE: Duration = Duration::from_secs(4);

/// Of the attempt's time, at most this is spent on connecting.
const CONNECT: Duration = Duration::from_secs(5);

/// More idle connections than an adapter has calls under way are of no use.
const MAX_IDLE_PER_HOST: usize = 1_024;

const MAX_REDIRECTS: usize = 5;

/// Certificate and key of this side.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ClientIdentity {
    /// PEM.
    pub(super) cert: Secret,
    /// PEM.
    pub(super) key: Secret,
    /// PEM of the only authority that is trusted, if given.
    pub(super) ca: Option<Secret>,
}

/// The pool of an adapter; with client certificates a new one whenever they change.
pub(super) struct Clients {
    policy: Arc<OutboundPolicy>,
    follow_redirects: bool,
    http2: bool,
    plain: Client,
    identified: Mutex<Option<(ClientIdentity, Client)>>,
}

impl Clients {
    /// The pool without client certificates is made at once, so that mistakes show early.
    pub(super) fn new(
        policy: Arc<OutboundPolicy>,
        follow_redirects: bool,
        http2: bool,
    ) -> Result<Self, String> {
        let plain = builder(&policy, follow_redirects, http2).build();
        Ok(Self {
            plain: plain.map_err(|error| describe(&error))?,
            policy,
            follow_redirects,
            http2,
            identified: Mutex::new(None),
        })
    }

    /// The pool without client certificates.
    pub(super) fn plain(&self) -> &Client {
        &self.plain
    }

    /// The pool for a call.
    pub(super) fn get(&self, identity: Option<&ClientIdentity>) -> Result<Client, Box<Failure>> {
        let Some(identity) = identity else {
            return Ok(self.plain.clone());
        };
        let mut cached = self
            .identified
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some((present, client)) if present == identity => Ok(client.clone()),
            Some(_) | None => {
                let client = self.identified(identity).map_err(|error| {
                    let message =
                        format!("the client certificate is of no use: {}", describe(&error));
                    Box::new(Failure::permanent(error_type::CONFIG, message))
                })?;
                *cached = Some((identity.clone(), client.clone()));
                Ok(client)
            }
        }
    }

    fn identified(&self, identity: &ClientIdentity) -> reqwest::Result<Client> {
        let (key, cert) = (identity.key.expose(), identity.cert.expose());
        let pem = format!("{key}\n{cert}\n");
        let mut builder = builder(&self.policy, self.follow_redirects, self.http2)
            .identity(Identity::from_pem(pem.as_bytes())?);
        if let Some(ca) = &identity.ca {
            let roots = Certificate::from_pem_bundle(ca.expose().as_bytes())?;
            builder = builder.tls_certs_only(roots);
        }
        builder.build()
    }
}

fn builder(policy: &Arc<OutboundPolicy>, follow_redirects: bool, http2: bool) -> ClientBuilder {
    let redirects = if follow_redirects {
        let policy = Arc::clone(policy);
        Policy::custom(move |attempt| redirect(&policy, attempt))
    } else {
        Policy::none()
    };
    let builder = Client::builder()
        .user_agent(concat!("orchestrator/", env!("CARGO_PKG_VERSION")))
        .redirect(redirects)
        .dns_resolver(CheckedResolver(Arc::clone(policy)))
        // A proxy would resolve names for us, past the address check.
        .no_proxy()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
        .tcp_nodelay(true);
    if http2 {
        return builder.http2_prior_knowledge();
    }
    builder
}

/// Only to the same host: credentials and payload were meant for that one.
fn redirect(policy: &OutboundPolicy, attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error("too many redirects");
    }
    if let Err(refused) = check_literal(policy, attempt.url()) {
        return attempt.error(refused);
    }
    let from = attempt.previous().last().cloned();
    if from.is_some_and(|from| same_place(&from, attempt.url())) {
        return attempt.follow();
    }
    attempt.stop()
}

/// The same host, and not from `https` back to `http`.
fn same_place(from: &Url, to: &Url) -> bool {
    let downgraded = from.scheme() == "https" && to.scheme() == "http";
    from.host() == to.host() && !downgraded
}

/// An error with its causes, without the URL, which may hold a credential.
pub(super) fn describe(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    causes.dedup();
    if causes.is_empty() {
        let text = error.to_string();
        let url = error.url().map(Url::to_string).unwrap_or_default();
        return text.replace(&format!(" for url ({url})"), "");
    }
    causes.join(": ")
}
