//! Load over HTTP: closed loops, which start the next as soon as one has ended, and open ones, which start at a fixed
//! rate whatever happens.

mod closed;
mod fill;
mod open;
mod requests;
mod shape;
mod steady;

pub(crate) use closed::{Until, closed_loop};
pub(crate) use fill::{fill, hold, until_all_taken};
pub(crate) use open::open_loop;
pub(crate) use requests::{Expect, Requests, input};
pub(crate) use shape::Shape;
pub(crate) use steady::{Steady, counted, steady};

/// What a load did.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Workflows that were started, and ended where that was waited for.
    pub(crate) count: u64,
    /// From sending a request to its answer, in nanoseconds, one for each request.
    pub(crate) latency: Vec<u64>,
    /// Requests that the server had no room for, and that were sent again.
    pub(crate) pushed_back: u64,
}

impl Loaded {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.latency.extend(other.latency);
        self.pushed_back += other.pushed_back;
    }
}
