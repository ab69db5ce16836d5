//! Recovery: a node goes on from what the store holds.
//!
//! Each partition is taken over, the journal behind the projected position is replayed, and an
//! `owner-opened` record is appended. When the tail is projected, the tables are the truth of what
//! was under way: open tasks are dispatched again, spread by their adapter's ramp, messages
//! without acknowledgement are delivered again, and the near timers are read. Open instances are
//! loaded only when something happens to them.

mod open;
mod partition;
mod restart;
mod tail;

pub(crate) use open::{open, open_one};
pub(crate) use restart::{deliver_again, supply_message};
pub(crate) use tail::{ReadBatch, Tail, scan_all};
