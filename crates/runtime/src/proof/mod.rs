//! Proof that whatever is open waits for something that will come: invariant 4, on what is stored and
//! on what runs.
//!
//! The state itself says for what each lane waits ([`engine::Instance::check`]); here the other half is
//! looked at: that what it waits for is there. A call or a timer has its row, from which a restart takes
//! it up; a question and a turn can be found; a child is open, or the message about it is on its way; a wait for an event is
//! known where such events come.

mod children;
mod live;
mod messages;
mod rows;
mod waits;

pub use children::{OnTheWay, missing_children};
pub use live::{Proven, Unproven};
pub use messages::messages_ahead;
pub use rows::missing_rows;
pub use waits::missing_waits;
