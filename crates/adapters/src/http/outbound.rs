//! The address check, after name resolution and for addresses written as such.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use adapter::{OutboundPolicy, Refused};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Resolves names and gives back only addresses that may be called. The connection is made to exactly
/// these, so a name that changes its address in between gains nothing.
pub(super) struct CheckedResolver(pub(super) Arc<OutboundPolicy>);

/// The name could not be resolved.
#[derive(Debug, thiserror::Error)]
#[error("expected `{name}` to resolve, but it does not: {reason}")]
pub(super) struct DnsError {
    name: String,
    reason: String,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|error| DnsError {
                name: name.as_str().to_owned(),
                reason: error.to_string(),
            })?;
            let allowed = allowed(&policy, found, name.as_str())?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn allowed(
    policy: &OutboundPolicy,
    found: impl Iterator<Item = SocketAddr>,
    name: &str,
) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let mut refused = None;
    let mut allowed = Vec::new();
    for address in found {
        match policy.check(address.ip()) {
            Ok(()) => allowed.push(address),
            Err(reason) => refused = Some(reason),
        }
    }
    match refused {
        _ if !allowed.is_empty() => Ok(allowed),
        Some(reason) => Err(Box::new(reason)),
        None => Err(Box::new(DnsError {
            name: name.to_owned(),
            reason: "it has no address".to_owned(),
        })),
    }
}

/// Checks an address that stands in the URL itself, which no resolver sees.
pub(super) fn check_literal(policy: &OutboundPolicy, url: &Url) -> Result<(), Refused> {
    match url.host() {
        Some(Host::Ipv4(address)) => policy.check(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => policy.check(IpAddr::V6(address)),
        Some(Host::Domain(_)) | None => Ok(()),
    }
}
