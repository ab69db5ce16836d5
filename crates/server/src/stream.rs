//! Streams of records, as server-sent events or over a WebSocket: past ones first, then live,
//! none missed, none twice.

mod follow;
mod transport;

pub use follow::{AllFilter, FollowAll, FollowOne};
pub use transport::{Asked, answer};
