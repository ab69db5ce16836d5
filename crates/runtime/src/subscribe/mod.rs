//! Streams of committed records: none missed, none twice.
//!
//! A stream of one instance hands over from its history to what its partition sends live, by seq.
//! A stream of all reads the journal itself, position by position, woken by each commit; whoever
//! reads slowly reads later, and learns it when the journal was trimmed meanwhile.

mod all;
mod cursor;
mod instance;
mod subscription;

pub use subscription::{Published, StreamFrom, Subscription};
