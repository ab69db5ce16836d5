//! Who asks, what they may do, and from where a browser may ask.

mod caller;
mod permission;
mod place;
mod roster;

pub use caller::Caller;
pub use permission::Permission;
pub use place::Place;
pub use roster::{Roster, TokenSettings};
