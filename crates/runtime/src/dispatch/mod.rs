//! Dispatch: tasks to their adapters, with bounded concurrency, and results back.

mod adapters;
mod admit;
mod cache;
mod call;
mod call_limits;
mod calls;
mod dispatcher;
mod limited;
mod link;
mod outcome;
mod pause;
mod queue;
mod token;

pub(crate) use cache::{find_output_here, keep_output, keep_output_here};
pub(crate) use call_limits::give_permits_on;
pub(crate) use calls::TaskResult;
pub(crate) use dispatcher::{Dispatcher, Offer};
pub use link::DecisionLink;
pub(crate) use queue::Urgency;
pub(crate) use token::Tokens;
