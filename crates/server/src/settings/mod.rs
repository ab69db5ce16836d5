//! Settings: flags over `ORCHESTRATOR_*` variables over the file over defaults.

mod concealed;
mod file;
mod layers;
mod limits;
mod span;

use std::net::SocketAddr;
use std::path::PathBuf;

use adapter::Cidr;

pub use concealed::{Concealed, without_password};
pub use file::FileError;
pub use layers::{Flags, SettingsError, Shown};
pub use limits::Limits;
pub use span::Span;

use crate::audit_key::AuditKey;
use crate::callers::TokenSettings;
use crate::peers::ClusterSecret;
use layers::Layers;

/// Partitions of a new store that several nodes may share.
const OF_A_CLUSTER: u16 = 64;

/// Everything that a server is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to listen on; port 0 takes any.
    pub listen: SocketAddr,
    /// The folder of the embedded store, unless there is a database.
    pub data: PathBuf,
    /// The database that is the store.
    pub database: Option<Concealed>,
    /// What the nodes on one database share.
    pub cluster_secret: Option<Concealed>,
    /// The seed of the key that seals heads of the log of decisions.
    pub audit_key: Option<Concealed>,
    /// Where the journal is archived, as an address.
    pub archive: Option<String>,
    /// Whether calls and timers wait until someone resumes the server.
    pub start_paused: bool,
    /// What people call this node; none: its address.
    pub node: Option<String>,
    /// The zone that it runs in.
    pub zone: String,
    /// The region that it runs in.
    pub region: String,
    /// After how long other nodes may take over from one that does not move, in milliseconds.
    pub lease_ms: u64,
    /// The environment to run as.
    pub environment: String,
    /// Partitions of a store that is made anew.
    pub partitions: u16,
    /// How much time one bucket of ended instances covers, in a store that is made anew.
    pub ended_span: Span,
    /// The URL under which others reach the server, without a slash at the end; none means the
    /// listen address.
    pub advertise: Option<String>,
    /// A folder with a file per secret.
    pub secrets_dir: Option<PathBuf>,
    /// What is logged.
    pub log: LogSettings,
    /// The callers; empty: everybody on this machine may do everything.
    pub tokens: Vec<TokenSettings>,
    /// Who a request without a token is, where there are tokens; none: nobody.
    pub without_token: Option<String>,
    /// Further names that the server goes by.
    pub hosts: Vec<String>,
    /// Pages elsewhere that may call the server (`https://dashboard.example.org`).
    pub origins: Vec<String>,
    /// Internal ranges that adapters may call.
    pub outbound_allow: Vec<Cidr>,
    /// How much is taken at once.
    pub limits: Limits,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// A directive of `tracing` (`info`, `info,runtime=debug`).
    pub level: String,
    /// `json`, `text`, or `auto`: text on a terminal.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl std::str::FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(format!("expected auto, json or text, but got {text:?}")),
        }
    }
}

impl Settings {
    /// The settings that hold, and where each comes from.
    ///
    /// # Errors
    /// With the first value that does not fit, and its place.
    pub fn load(
        flags: Flags,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Vec<Shown>), SettingsError> {
        let mut layers = Layers::read(flags, &variable)?;
        let mut settings = Self {
            listen: layers.value("listen", "127.0.0.1:8080")?,
            data: layers.value("data", "data")?,
            database: layers.concealed("database", without_password)?,
            cluster_secret: layers.concealed("cluster-secret", |_| "(set)".to_owned())?,
            audit_key: layers.concealed("audit-key", |_| "(set)".to_owned())?,
            archive: layers.optional("archive")?,
            start_paused: layers.value("start-paused", "false")?,
            environment: layers.value("env", "dev")?,
            partitions: 0,
            node: layers.optional("node")?,
            zone: layers.value("zone", "")?,
            region: layers.value("region", "")?,
            lease_ms: layers.value("lease-ms", "5000")?,
            ended_span: layers.value("ended-span", "1d")?,
            advertise: layers.optional::<String>("advertise")?.map(without_slash),
            secrets_dir: layers.optional("secrets-dir")?,
            log: LogSettings {
                level: layers.value("log-level", "info")?,
                format: layers.value("log-format", "auto")?,
            },
            hosts: layers.list("hosts")?,
            origins: layers.list("origins")?,
            outbound_allow: layers.list("outbound.allow")?,
            limits: Limits::load(&mut layers)?,
            tokens: layers.tokens(),
            without_token: None,
        };
        // Several nodes need more to share than one has cores.
        let partitions = settings
            .database
            .as_ref()
            .map_or_else(cores, |_| OF_A_CLUSTER);
        settings.partitions = layers.value("partitions", &partitions.to_string())?;
        settings.check()?;
        Ok((settings, layers.into_shown()))
    }

    /// Refuses what would be open to everybody.
    fn check(&self) -> Result<(), SettingsError> {
        if !(1..=4_096).contains(&self.partitions) {
            return Err(SettingsError::value("partitions", "expected 1 to 4096"));
        }
        if !(1_000..=60_000).contains(&self.lease_ms) {
            return Err(SettingsError::value("lease-ms", "expected 1000 to 60000"));
        }
        if self.database.is_some() && self.cluster_secret.is_none() {
            let reason = "expected the secret that all nodes on the database share \
                          (ORCHESTRATOR_CLUSTER_SECRET), but there is none";
            return Err(SettingsError::value("cluster-secret", reason));
        }
        let unspecified = self.listen.ip().is_unspecified() && self.advertise.is_none();
        if self.database.is_some() && unspecified {
            let reason = "expected the URL under which the other nodes reach this one, since it \
                          listens on all addresses";
            return Err(SettingsError::value("advertise", reason));
        }
        if self.tokens.is_empty() && !self.listen.ip().is_loopback() {
            return Err(SettingsError::OpenToAll(self.listen));
        }
        self.audit_key()?;
        for token in &self.tokens {
            token
                .check()
                .map_err(|reason| SettingsError::value("tokens", reason))?;
        }
        Ok(())
    }
}

impl Settings {
    /// What people call this node.
    pub(crate) fn node_name(&self) -> String {
        let unnamed = || match &self.database {
            Some(_) => self.listen.to_string(),
            None => "local".to_owned(),
        };
        self.node.clone().unwrap_or_else(unnamed)
    }

    /// Where others reach this node, without a slash at the end.
    pub(crate) fn own_url(&self) -> String {
        let own = || format!("http://{}", self.listen);
        self.advertise.clone().unwrap_or_else(own)
    }

    /// The key that seals heads of the log of decisions.
    pub(crate) fn audit_key(&self) -> Result<Option<AuditKey>, SettingsError> {
        let seed = self.audit_key.as_ref().map(Concealed::reveal);
        let key = seed.map(AuditKey::of_seed).transpose();
        key.map_err(|reason| SettingsError::value("audit-key", reason))
    }

    /// What this node proves to the others that it knows.
    pub(crate) fn cluster_secret(&self) -> Option<ClusterSecret> {
        let secret = self.cluster_secret.as_ref()?;
        let shared = self.database.is_some();
        shared.then(|| ClusterSecret::new(secret.reveal()))
    }
}

fn cores() -> u16 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u16::try_from(cores).unwrap_or(u16::MAX).clamp(1, 64)
}

fn without_slash(url: String) -> String {
    url.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests;
