//! Windows of triggers: events gathered into one start (`debounce`, `batch`), or started only so often (`throttle`).
//!
//! A window lives in the slot of its workflow, trigger and key. What comes from elsewhere travels there by message, so
//! that it counts once. What a window keeps lies in the state, not in memory: when it is due, that is read beside the
//! partition, and the start that follows is begun in the batch that closes the window (ADR 26).

mod close;
mod name;
mod offer;
mod open;
mod row;
mod state;

pub(crate) use close::{AGAIN, CloseOrder, Closing, orders};
pub(crate) use name::{WindowName, cause_of, is_cause};
pub(crate) use offer::{Offer, weight};
pub(crate) use open::Windows;
pub use row::WindowEntry;
pub(crate) use row::{
    CLOSED, ENTRY, MEMBER, OPEN, entry_key, event_in_member, is_row_over, item_in, member_prefix,
    row_key,
};
pub use state::WindowState;
