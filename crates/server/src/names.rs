//! The states that name what an instance's records speak of.

use std::sync::Arc;

use engine::Instance;
use engine::record::Record;
use engine::view::RecordView;
use runtime::{ReadError, Runtime};

/// The states of one instance, for records that come in order.
pub struct Names {
    runtime: Runtime,
    present: Arc<Instance>,
    /// As it was after the record before, where the present state did not do.
    past: Option<Instance>,
}

impl Names {
    /// From an instance as it is.
    pub const fn of(runtime: Runtime, present: Arc<Instance>) -> Self {
        Self {
            runtime,
            present,
            past: None,
        }
    }

    /// The instance as it is.
    pub const fn present(&self) -> &Arc<Instance> {
        &self.present
    }

    /// Takes the instance as it is by now.
    pub fn renew(&mut self, present: Arc<Instance>) {
        self.present = present;
    }

    /// The state that knows the lane of which a record speaks: the present one, or, of rounds that were
    /// let go since and of before an act on the past, the one after the record.
    ///
    /// # Errors
    /// When the past cannot be read for the moment.
    pub async fn at(&mut self, record: &Record) -> Result<&Instance, ReadError> {
        let known = RecordView::is_named(record, &self.present);
        let past = match self.past.take() {
            Some(mut past) if past.seq() + 1 == record.seq => {
                self.runtime.advance(&mut past, record);
                Some(past)
            }
            _ if known => None,
            _ => {
                let id = self.present.id();
                Some(self.runtime.state_at(id, record.seq).await?)
            }
        };
        self.past = past;
        let past = self.past.as_ref().filter(|_| !known);
        Ok(past.unwrap_or(&self.present))
    }
}
