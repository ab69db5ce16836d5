//! Settling dead letters whose slot is here.

use engine::record::{DeadLetterSettled, SlotBody};

use super::task::Partition;
use super::work::Reply;

/// A letter that is to be settled, and who does it.
pub(crate) struct LetterOrder {
    pub(crate) fact: DeadLetterSettled,
    pub(crate) actor: String,
    pub(crate) reply: Reply<()>,
}

impl Partition {
    /// Records it; answers when that is durable. The same again writes the same.
    pub(super) fn on_letter(&mut self, order: LetterOrder) {
        let LetterOrder { fact, actor, reply } = order;
        self.record_fact(&actor, SlotBody::DeadLetterSettled(fact));
        let position = self.forming_position();
        self.release_after(position, move || {
            let _gone = reply.send(());
        });
    }
}
