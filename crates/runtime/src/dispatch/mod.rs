//! Dispatch: tasks to their adapters, with bounded concurrency, and results back.

mod adapters;
mod call;
mod dispatcher;
mod outcome;
mod queue;
mod token;

pub(crate) use dispatcher::{Dispatcher, Offer};
pub(crate) use queue::rank;
pub(crate) use token::Tokens;
