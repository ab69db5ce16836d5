//! The URL: hosts, credentials and how to be sure of the server.

use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use store::StoreError;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

use crate::failure::io_refusal;

const CURE: &str = "mend the URL: postgres://user:password@host:port/database?sslmode=...";

/// Whether the connection is encrypted, and who must be at its other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TlsMode {
    /// Not encrypted.
    Disable,
    /// Encrypted when the server can; whoever answers.
    Prefer,
    /// Encrypted; whoever answers.
    Require,
    /// Encrypted; the certificate is the host's, and signed by one of these roots (the system's
    /// when there is none).
    VerifyFull(Option<PathBuf>),
}

/// One server.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// `host:port` as in the URL.
    pub(crate) name: String,
    pub(crate) config: Config,
}

/// A URL, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) hosts: Vec<Host>,
    pub(crate) tls: TlsMode,
    /// The URL without credentials and options, for messages.
    pub(crate) place: String,
}

impl Address {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// `Io` that names the part, and never the password.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let refuse = |detail: String| {
            io_refusal(
                "reading the database's URL",
                io::ErrorKind::InvalidInput,
                detail,
                CURE,
            )
        };
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        if !["postgres", "postgresql"].contains(&scheme) {
            return Err(refuse(
                "expected it to begin with postgres://, but it does not".into(),
            ));
        }
        let (main, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = main.split_once('/').unwrap_or((main, ""));
        let (credentials, names) = match authority.rsplit_once('@') {
            Some((credentials, names)) => (format!("{credentials}@"), names),
            None => (String::new(), authority),
        };
        let options = Options::parse(query).map_err(&refuse)?;
        let host = |name: &str| {
            let url = format!("{scheme}://{credentials}{name}/{path}?{}", options.rest);
            let mut config =
                Config::from_str(&url).map_err(|error| refuse(crate::failure::chain(&error)))?;
            config.ssl_mode(match options.tls {
                TlsMode::Disable => SslMode::Disable,
                TlsMode::Prefer => SslMode::Prefer,
                TlsMode::Require | TlsMode::VerifyFull(_) => SslMode::Require,
            });
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
            Ok(Host {
                name: name.to_owned(),
                config,
            })
        };
        Ok(Self {
            hosts: names
                .split(',')
                .map(host)
                .collect::<Result<_, StoreError>>()?,
            place: format!("{scheme}://{names}/{path}"),
            tls: options.tls,
        })
    }
}

/// The options that are ours to understand, and the rest.
struct Options {
    tls: TlsMode,
    rest: String,
}

impl Options {
    fn parse(query: &str) -> Result<Self, String> {
        let (mut mode, mut root, mut rest) = (None, None, vec![]);
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = || percent_decode_str(value).decode_utf8_lossy().into_owned();
            match name {
                "sslmode" => mode = Some(value()),
                "sslrootcert" => root = Some(PathBuf::from(value())),
                // Only a server that takes writes is of use; which one it is is found out.
                "target_session_attrs" if value() == "read-write" => {}
                "target_session_attrs" => {
                    return Err(format!(
                        "expected target_session_attrs=read-write, but it is `{}`",
                        value()
                    ));
                }
                _ => rest.push(option),
            }
        }
        let tls = match mode.as_deref() {
            Some("disable") => TlsMode::Disable,
            Some("prefer") | None => TlsMode::Prefer,
            Some("require") => TlsMode::Require,
            Some("verify-full") => TlsMode::VerifyFull(root.take()),
            Some(other) => {
                return Err(format!(
                    "expected sslmode to be disable, prefer, require or verify-full, but it is `{other}`"
                ));
            }
        };
        if root.is_some() {
            return Err(
                "expected sslmode=verify-full where sslrootcert is given: no other mode \
                        looks at the certificate"
                    .into(),
            );
        }
        Ok(Self {
            tls,
            rest: rest.join("&"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_taken_apart() {
        let url = "postgres://ada:p%40ss@a:1,b:2,c/orders?application_name=x&target_session_attrs=read-write";
        let address = Address::parse(url).expect("a good URL");
        assert_eq!(address.place, "postgres://a:1,b:2,c/orders");
        assert_eq!(address.tls, TlsMode::Prefer);
        let names: Vec<_> = address
            .hosts
            .iter()
            .map(|host| host.name.as_str())
            .collect();
        assert_eq!(names, ["a:1", "b:2", "c"]);
        for (host, port) in address.hosts.iter().zip([1, 2, 5432]) {
            assert_eq!(host.config.get_password(), Some(&b"p@ss"[..]));
            assert_eq!(host.config.get_ports(), [port]);
            assert_eq!(host.config.get_dbname(), Some("orders"));
            assert_eq!(host.config.get_application_name(), Some("x"));
            assert_eq!(
                host.config.get_target_session_attrs(),
                TargetSessionAttrs::ReadWrite
            );
        }
    }

    #[test]
    fn tls_is_read() {
        let tls = |query: &str| Address::parse(&format!("postgres://h/d?{query}")).map(|a| a.tls);
        assert_eq!(tls("sslmode=disable").ok(), Some(TlsMode::Disable));
        assert_eq!(tls("sslmode=require").ok(), Some(TlsMode::Require));
        assert_eq!(
            tls("sslmode=verify-full").ok(),
            Some(TlsMode::VerifyFull(None))
        );
        let file = Some(PathBuf::from("/a b"));
        assert_eq!(
            tls("sslmode=verify-full&sslrootcert=/a%20b").ok(),
            Some(TlsMode::VerifyFull(file))
        );
    }

    #[test]
    fn refusals_name_the_part() {
        let check = |url: &str, part: &str| {
            let refused = Address::parse(url).expect_err(url).to_string();
            assert!(refused.contains(part), "{refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        };
        check(
            "mysql://u:hunter2@h/d",
            "expected it to begin with postgres://",
        );
        check("postgres://u:hunter2@h/d?sslmode=verify-ca", "`verify-ca`");
        check(
            "postgres://u:hunter2@h/d?sslrootcert=/x",
            "sslmode=verify-full",
        );
        check("postgres://u:hunter2@h/d?target_session_attrs=any", "`any`");
        check("postgres://u:hunter2@h:x/d", "port");
        check("postgres://u:hunter2@h/d?frobnicate=1", "frobnicate");
    }
}
