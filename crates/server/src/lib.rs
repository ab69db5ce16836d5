//! The server: HTTP, WebSocket and server-sent events over a [`runtime::Runtime`].
//!
//! | folder | holds |
//! | --- | --- |
//! | `settings` | flags, variables, the file, defaults |
//! | `callers` | who asks, what they may do, from where |
//! | `cloud_event` | events as they come over HTTP |
//! | `dashboard` | the files of the dashboard, embedded into the binary |
//! | `door` | what every request passes: bodies, queries, headers, problems |
//! | `metrics` | figures for those who watch the server |
//! | `peers` | the connections between the nodes of a cluster |
//! | `routes` | one file for each noun of the API |
//! | `render` | state and records as the API shows them |

mod audit_key;
mod callers;
mod cloud_event;
mod copies;
mod dashboard;
mod door;
mod genealogy;
mod hex;
mod hook;
mod listen;
mod logging;
mod metrics;
mod names;
mod openapi;
mod pages;
mod peers;
mod process;
mod render;
mod routes;
mod secrets;
mod sets;
mod settings;
mod state;
mod stream;

pub use audit_key::{AuditKey, is_sealed};
pub use callers::{Permission, TokenSettings};
pub use copies::{ArchiveFigures, Copies, CopyError};
pub use listen::Listening;
pub use logging::start as start_logging;
pub use openapi::openapi_json;
pub use process::{ServeError, Server, settle};
pub use routes::router;
pub use secrets::SecretSources;
pub use sets::{check_settings, findings};
pub use settings::{
    FileError, Flags, Limits, LogFormat, LogSettings, Settings, SettingsError, Shown,
    without_password,
};
pub use state::Door;
