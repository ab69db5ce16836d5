//! The contract between the engine's side and the outside world.
//!
//! A *kind* (`http`, `builtin`, ...) checks the settings of an adapter and builds a [`Connector`].
//! The [`Registry`] wraps each connector in a guard and hands out an [`Adapter`]; so every call goes
//! through the same three protections, which no kind can forget: secrets are put into the input at the
//! last moment, they are searched for in whatever comes back, and no call outlives its time-out.
//!
//! This crate knows neither engine nor store and opens no connection.

mod call;
mod connector;
mod guard;
mod outbound;
mod outcome;
mod registry;
mod scrub;
mod secrets;
mod settings;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use call::{Call, CallbackUrl, Undo};
pub use connector::{Adapter, BuildContext, BuildError, Connector, Kind};
pub use outbound::{Cidr, CidrError, OutboundPolicy, Refused};
pub use outcome::{
    Accepted, Effect, Exchange, Failure, Outcome, RESPONSE_SNIPPET_BYTES, Success, error_type,
};
pub use registry::Registry;
pub use secrets::{CallSecrets, NoSecrets, Secret, SecretError, Secrets, StaticSecrets};
pub use settings::{ENGINE_ACTION_KEYS, ENGINE_KEYS, SettingsError, SettingsErrorKind, nearest};
