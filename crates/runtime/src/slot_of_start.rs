//! Where a start lives.

use definition::{Catalog, Workflow};
use engine::record::StartMessage;
use engine::{Context, Entropy, Id, Instance, Plans, Refusal, Slot, slot_of};

use crate::shared::Shared;

impl Shared {
    /// A root lives in the slot of its limit, else of its subject, else `near` what it comes from (its
    /// idempotency key, its event), else in any.
    pub(crate) fn slot_of_start(
        &self,
        catalog: &Catalog,
        workflow: &Workflow,
        message: &mut StartMessage,
        near: Option<Slot>,
    ) -> Result<Slot, Refusal> {
        let no_subject = message.subject.is_empty() && workflow.subject.is_some();
        if no_subject || workflow.concurrency.is_some() {
            let tried = self.tried(catalog, message)?;
            message.subject = tried.header().started.subject.clone();
            if let Some(limit) = tried.limit() {
                message.turn_key = Some(limit.key.clone());
                return Ok(slot_of(&limit.name()));
            }
        }
        if !message.subject.is_empty() {
            return Ok(slot_of(&message.subject));
        }
        Ok(near.unwrap_or_else(|| self.any_slot()))
    }

    /// What the definition computes for a start: it is tried and thrown away.
    fn tried(&self, catalog: &Catalog, message: &StartMessage) -> Result<Instance, Refusal> {
        let mut entropy = Entropy::new(0);
        let mut context = Context {
            now: self.clock.now_ms(),
            catalog,
            plans: &mut Plans::default(),
            place: 0,
            entropy: &mut entropy,
            command_id: Id::default(),
            actor: "",
            cause: "",
        };
        let (instance, _) = engine::start(Id::default(), message, &mut context)?;
        Ok(instance)
    }
}
