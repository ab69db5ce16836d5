//! From where a request may come: a web page elsewhere must not drive the server through the
//! browser of somebody who can reach it.

use std::net::IpAddr;

use api::Code;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};

use crate::door::Refusal;

/// The names that the server goes by, and the pages elsewhere that may call it.
#[derive(Clone, Debug, Default)]
pub struct Place {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Place {
    /// A server with these further names (without a port) and foreign origins.
    pub fn new(hosts: &[String], origins: &[String], advertise: Option<&str>) -> Self {
        let mut hosts: Vec<String> = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        hosts.extend(advertise.and_then(host_of_url));
        let origins = origins
            .iter()
            .map(|origin| origin.trim_end_matches('/').to_ascii_lowercase());
        Self {
            hosts,
            origins: origins.collect(),
        }
    }

    /// Refuses what a page elsewhere sends.
    ///
    /// # Errors
    /// When host or origin is foreign.
    pub fn check(&self, request: &Request) -> Result<(), Refusal> {
        let host = host(request);
        let Some(host) = host.filter(|host| self.knows(host)) else {
            let named = request.headers().get(header::HOST);
            let detail = format!(
                "expected an address or a name of this server as host, but got {:?}",
                named
                    .map(|host| String::from_utf8_lossy(host.as_bytes()))
                    .unwrap_or_default()
            );
            return Err(Refusal::new(Code::FOREIGN_HOST, detail));
        };
        self.check_origin(request.method(), request.headers(), &host)
    }

    /// An address cannot be rebound, a name can: so a name must be known.
    fn knows(&self, host: &str) -> bool {
        let name = without_port(host);
        let address = name.trim_start_matches('[').trim_end_matches(']');
        name == "localhost"
            || address.parse::<IpAddr>().is_ok()
            || self.hosts.iter().any(|known| known == name)
    }

    fn check_origin(
        &self,
        method: &Method,
        headers: &HeaderMap,
        host: &str,
    ) -> Result<(), Refusal> {
        let foreign = |from: &str| {
            let detail = format!("expected a page of this server, but the request is from {from}");
            Err(Refusal::new(Code::FOREIGN_ORIGIN, detail))
        };
        if let Some(origin) = headers.get(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or("null").to_ascii_lowercase();
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            if authority == Some(host) || self.origins.contains(&origin) {
                return Ok(());
            }
            return foreign(&origin);
        }
        // Browsers leave Origin out of some reads but say where they come from; a link may be
        // followed from anywhere.
        let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let navigates = method == Method::GET && says("sec-fetch-mode") == Some("navigate");
        match says("sec-fetch-site") {
            Some("cross-site" | "same-site") if !navigates => foreign("a page elsewhere"),
            _ => Ok(()),
        }
    }
}

/// `Host`, or `:authority` of HTTP/2, in lower case.
fn host(request: &Request) -> Option<String> {
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str().to_owned());
    let header = request.headers().get(header::HOST);
    let header = header
        .and_then(|host| host.to_str().ok())
        .map(str::to_owned);
    header.or(authority).map(|host| host.to_ascii_lowercase())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    }
}

fn host_of_url(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    Some(without_port(authority).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn place() -> Place {
        let hosts = ["flows.example.org".to_owned()];
        let origins = ["https://board.example.org/".to_owned()];
        Place::new(&hosts, &origins, Some("https://public.example.org:8443/x"))
    }

    fn check(headers: &[(&str, &str)], expected: Option<&str>) {
        let mut request = Request::builder().method("POST").uri("/api/v1/workflows");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let verdict = place().check(&request.body(Body::empty()).unwrap());
        let code = verdict.err().map(|refusal| refusal.problem().code.clone());
        assert_eq!(code.as_deref(), expected, "{headers:?}");
    }

    #[test]
    fn only_known_hosts_are_answered() {
        for host in [
            "127.0.0.1:8080",
            "localhost",
            "LOCALHOST:1",
            "[::1]:8080",
            "10.1.2.3",
        ] {
            check(&[("host", host)], None);
        }
        check(&[("host", "flows.example.org:80")], None);
        check(&[("host", "public.example.org:8443")], None);
        check(&[("host", "evil.example.com")], Some("ORC-0203"));
        check(
            &[("host", "localhost.evil.example.com:8080")],
            Some("ORC-0203"),
        );
        check(&[], Some("ORC-0203"));
    }

    #[test]
    fn a_page_elsewhere_cannot_drive_the_server() {
        let host = ("host", "127.0.0.1:8080");
        check(&[host, ("origin", "http://127.0.0.1:8080")], None);
        check(&[host, ("origin", "https://board.example.org")], None);
        check(
            &[host, ("origin", "https://evil.example.com")],
            Some("ORC-0204"),
        );
        check(
            &[host, ("origin", "http://127.0.0.1:9999")],
            Some("ORC-0204"),
        );
        check(&[host, ("origin", "null")], Some("ORC-0204"));
        check(&[host, ("sec-fetch-site", "cross-site")], Some("ORC-0204"));
        check(&[host, ("sec-fetch-site", "same-origin")], None);
        check(&[host, ("sec-fetch-site", "none")], None);
    }
}
