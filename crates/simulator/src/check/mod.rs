//! Checkers: what must hold of every instance, whoever drives it.

mod events;
mod history;
mod intentions;
mod ledger;
mod outputs;
mod rate;
mod saga;
mod signals;
mod turns;

pub(crate) use events::Events;
pub(crate) use history::{History, same_state};
pub(crate) use intentions::Intentions;
pub(crate) use ledger::Ledger;
pub(crate) use outputs::Outputs;
pub(crate) use rate::Rates;
pub(crate) use saga::check_saga;
pub(crate) use signals::check_signals;
pub(crate) use turns::Turns;
