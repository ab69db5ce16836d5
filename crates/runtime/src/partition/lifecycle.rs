//! What follows from lifecycle events of the instances here: begun in the batch of the decision that they tell of.

use engine::Id;
use engine::record::{MessageBody, Record, StartMessage};

use super::events::failure_of;
use super::task::Partition;
use crate::lifecycle::{Follow, cause_of, follow};

impl Partition {
    /// What follows from these records; the instance is as it is after them.
    pub(super) fn follows_of(&self, id: Id, records: &[Record]) -> Vec<Follow> {
        let catalog = self.shared.catalog.current();
        if !catalog.lifecycle.is_wanted() {
            return Vec::new();
        }
        let Some(hot) = self.hot.get(id) else {
            return Vec::new();
        };
        follow(&self.shared, &catalog, &hot.instance, records)
    }

    /// Begins it. A delivery whose slot is here begins at once; everything else goes by message, so that what starts
    /// each other takes turns with everything else.
    pub(super) fn begin(&mut self, from: Id, follow: Follow) {
        let Follow {
            start,
            slot,
            delivers,
            refused,
            window,
        } = follow;
        let id = Id::new(self.now(), slot, self.entropy.next_u64());
        let here = self.is_here(slot);
        let begun = match refused {
            Some(failure) => Err(failure),
            None if delivers && here => {
                self.forming.commands += 1;
                self.start(id, &start, "", &cause_of(from))
                    .map_err(|refusal| failure_of(&refusal))
            }
            None if let Some(window) = window => {
                let offered = window.of_start(None, id, StartMessage::clone(&start));
                self.offer_by_message(from.slot(), offered);
                Ok(())
            }
            None => {
                let start = StartMessage::clone(&start);
                self.send_from(from.slot(), id, MessageBody::Start(start));
                Ok(())
            }
        };
        if let Err(failure) = begun {
            self.keep_refused(None, from.slot(), start, failure);
        }
    }
}
