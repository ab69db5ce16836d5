//! Signatures of webhooks: those that come in are checked, those that go out are made.
//!
//! Nothing here reads a clock or a secret store: time, headers and secrets are arguments. Signatures are compared in
//! constant time.

mod key;
mod preset;
mod sign;
mod verify;

pub use key::{BadSecret, Key};
pub use preset::{event_id, event_type};
pub use sign::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
pub use verify::{Headers, VerifyError, verify};
