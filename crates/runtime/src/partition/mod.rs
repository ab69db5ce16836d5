//! A partition: one writer over the instances of a range of slots.
//!
//! One task takes commands from a two-lane mailbox, decides them on in-memory state, and makes
//! their records durable in batches, one in flight while the next forms. What the decisions set
//! free (replies, reads, effects, published records) waits for the commit of all that it saw.

mod batch;
mod commit;
mod decide;
mod delete;
mod effects;
mod events;
mod hot;
mod keys;
mod known_keys;
mod letters;
mod lifecycle;
mod load;
mod mailbox;
mod meetings;
mod messages;
mod observe;
mod operations;
mod outputs;
mod prepared;
mod repeated;
mod schedules;
mod slots;
mod start;
mod task;
mod timers;
mod turn;
mod watch;
mod windows;
mod work;

pub(crate) use batch::Delta;
pub(crate) use commit::{AppendFailed, Appending, append};
pub(crate) use delete::{Deletion, deletion};
pub(crate) use hot::HotSet;
pub(crate) use keys::{read_key, read_keys};
pub(crate) use letters::{LetterOrder, LetterStart, Settling};
pub(crate) use load::{load_instance, supply_blobs, supply_payload};
pub(crate) use mailbox::{Door, Internal, Port, overloaded};
pub(crate) use operations::{OperationAsked, taken_before};
pub(crate) use outputs::{MAX_OUTPUT, OutputAsked, scoped_output, slot_of_output};
pub(crate) use schedules::ScheduleAsked;
pub(crate) use slots::{Pair, SlotState, messages_to, outbox_message, pair_of};
pub(crate) use start::{StartReply, StartRequest};
pub(crate) use task::{Opened, Partition};
pub(crate) use timers::{NearTimers, timer_row_key};
pub(crate) use work::{Carried, Reply, Work};
