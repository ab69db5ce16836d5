//! Dead letters: read, called anew, thrown away.

use engine::record::{DeadLetterSettled, StartMessage};
use engine::{Id, Payload, Slot};
use store::Table;
use tokio::sync::oneshot;

use super::Runtime;
use crate::cluster::{Routed, Trip};
use crate::dead_letter::{
    DeadLetter, LetterFilter, LetterRefused, LetterSettled, LetterStatus, letter_key,
    letter_prefix, settling,
};
use crate::error::{ApplyError, SubmitError, Unavailable};
use crate::events::Event;
use crate::one_step::{ONE_STEP_VERSION, OneStep};
use crate::partition::{Internal, LetterOrder, LetterStart, Settling};
use crate::reads::{Consistency, TablePage};
use crate::submit::Submitted;

/// The first format whose nodes start what makes a letter's call anew with its settlement.
const STARTED_SINCE: u32 = 4;
/// Letters that are counted at most.
const COUNTED: usize = 100_000;
/// Rows read at once.
const PAGE: usize = 500;

impl Runtime {
    /// Letters, newest first, those that wait before the others; `after` is a page's `next`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn dead_letters(
        &self,
        filter: &LetterFilter,
        after: Option<String>,
        limit: usize,
    ) -> Result<TablePage<DeadLetter>, Unavailable> {
        self.fresh(Consistency::Fresh).await;
        let prefix = match filter.status {
            Some(status) => letter_prefix(status == LetterStatus::Pending),
            None => bytes::Bytes::new(),
        };
        let fits = |letter: &DeadLetter| filter.fits(letter);
        self.table_page(Table::DeadLetter, prefix, after, limit, fits)
            .await
    }

    /// How many letters fit, to a hundred thousand.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_dead_letters(&self, filter: &LetterFilter) -> Result<u64, Unavailable> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.dead_letters(filter, after, PAGE).await?;
            count += page.items.len();
            after = page.next;
            if after.is_none() || count >= COUNTED {
                return Ok(count as u64);
            }
        }
    }

    /// One letter.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn dead_letter(&self, id: Id) -> Result<Option<DeadLetter>, Unavailable> {
        self.fresh_slot(id.slot()).await;
        for waits in [true, false] {
            let key = letter_key(id, waits);
            let row = self.shared.store.get(Table::DeadLetter, id.slot(), key);
            if let Some(row) = row.await? {
                return Ok(serde_json::from_slice(&row).ok());
            }
        }
        Ok(None)
    }

    /// Has a letter's call made anew, as it was or with another input: a new instance of one step,
    /// under the same correlation id. If that fails for good it is a letter again.
    ///
    /// # Errors
    /// See [`LetterRefused`].
    pub async fn reprocess(
        &self,
        id: Id,
        input: Option<Payload>,
        (actor, reason, cause): (&str, &str, &str),
    ) -> Result<Submitted, LetterRefused> {
        let letter = self.waiting_letter(id).await?;
        let input = match input {
            Some(input) => input,
            None => own_input(&letter)?,
        };
        let (anew, message) = self.start_anew(&letter, input, actor).await?;
        let settled = LetterSettled {
            by: actor.to_owned(),
            at: self.now_ms(),
            reason: reason.to_owned(),
            cause: cause.to_owned(),
            instance: Some(anew),
        };
        let start = LetterStart {
            id: anew,
            message,
            cause: format!("dead-letter:{id}"),
        };
        self.settle_letter(letter, settled, Some(start)).await?;
        // What an event should have started may live elsewhere.
        let instance = self.await_start(anew).await?;
        Ok(Submitted {
            id: anew,
            replayed: false,
            instance,
        })
    }

    /// What makes a letter's call anew, and the id that it will have.
    async fn start_anew(
        &self,
        letter: &DeadLetter,
        input: Payload,
        actor: &str,
    ) -> Result<(Id, StartMessage), LetterRefused> {
        let message = StartMessage {
            input: Some(input),
            correlation_id: letter.correlation_id.clone(),
            subject: letter.subject.clone(),
            priority: letter.priority.clone(),
            ..StartMessage::default()
        };
        if let Some(event) = letter.event {
            return self.start_of_event(letter, event, message).await;
        }
        let message = StartMessage {
            workflow: self.one_step(letter, actor).await?,
            version: ONE_STEP_VERSION.to_owned(),
            ..message
        };
        Ok((instance_of(letter.id, letter.id.slot()), message))
    }

    /// The start that an event should have made, of the workflow as it is now.
    async fn start_of_event(
        &self,
        letter: &DeadLetter,
        event: Id,
        message: StartMessage,
    ) -> Result<(Id, StartMessage), LetterRefused> {
        let catalog = self.catalog();
        let name = &letter.workflow;
        if name.is_empty() {
            let told = "expected a workflow to start, but a rule of a router failed; mend it, and send the event again";
            return Err(LetterRefused::Unfit(told.to_owned()));
        }
        let workflow = catalog.workflow(name, None).ok_or_else(|| {
            let told = format!("expected workflow {name} in the catalog, but it is not there");
            LetterRefused::Unfit(told)
        })?;
        // It may be purged by now.
        let event = self.event(event).await?;
        let mut message = StartMessage {
            workflow: name.clone(),
            version: workflow.version.to_string(),
            meta: event.as_ref().map(Event::meta),
            event: event.as_ref().map(Event::data),
            ..message
        };
        let near = Some(letter.id.slot());
        let slot = (self.shared)
            .slot_of_start(&catalog, workflow, &mut message, near)
            .map_err(SubmitError::from)?;
        Ok((instance_of(letter.id, slot), message))
    }

    /// Throws a letter away.
    ///
    /// # Errors
    /// See [`LetterRefused`].
    pub async fn discard(
        &self,
        id: Id,
        (actor, reason, cause): (&str, &str, &str),
    ) -> Result<(), LetterRefused> {
        let letter = self.waiting_letter(id).await?;
        let settled = LetterSettled {
            by: actor.to_owned(),
            at: self.now_ms(),
            reason: reason.to_owned(),
            cause: cause.to_owned(),
            instance: None,
        };
        self.settle_letter(letter, settled, None).await
    }

    async fn waiting_letter(&self, id: Id) -> Result<DeadLetter, LetterRefused> {
        self.shared.check_open()?;
        let found = self.dead_letter(id).await?;
        match found.ok_or(LetterRefused::NotFound(id))? {
            waits if waits.status == LetterStatus::Pending => Ok(waits),
            settled => Err(LetterRefused::Settled(Box::new(settled))),
        }
    }

    /// The workflow that makes the letter's call anew.
    async fn one_step(&self, letter: &DeadLetter, actor: &str) -> Result<String, LetterRefused> {
        if letter.adapter.is_empty() {
            let told = "expected a call of an adapter, but a workflow was called; answer the decision of its instance";
            return Err(LetterRefused::Unfit(told.to_owned()));
        }
        let adapter = &letter.adapter;
        if !self.catalog().adapters.contains_key(adapter) {
            let told = format!("expected adapter {adapter} in the catalog, but it is not there");
            return Err(LetterRefused::Unfit(told));
        }
        let one = OneStep::new(&self.catalog(), adapter, &letter.action);
        match self.have_one_step(&one, actor).await {
            Ok(()) => Ok(one.name),
            Err(ApplyError::Unavailable(outage)) => Err(outage.into()),
            Err(ApplyError::Refused(told)) => {
                let told = format!("its call cannot be made anew: {told}");
                Err(LetterRefused::Unfit(told))
            }
        }
    }

    /// Has a letter settled by its owner, wherever that is, together with the start of what makes its call
    /// anew. Of several who do so at the same moment exactly one does.
    async fn settle_letter(
        &self,
        letter: DeadLetter,
        settled: LetterSettled,
        start: Option<LetterStart>,
    ) -> Result<(), LetterRefused> {
        if start.is_some() && self.shared.format() < STARTED_SINCE {
            let told = "expected that every node of the cluster starts what settles a letter, but one is older";
            return Err(LetterRefused::Unfit(told.to_owned()));
        }
        let (id, actor) = (letter.id, settled.by.clone());
        let fact = settling(letter, settled);
        let mut trip = Trip::to(&self.shared, id.slot());
        let settling = loop {
            let outcome = match trip.next().await? {
                Routed::Here => {
                    let here = self.settle_letter_here(fact.clone(), start.clone(), &actor);
                    trip.here(here).await
                }
                Routed::There(there) => there.settle_letter(&fact, start.as_ref(), &actor).await,
            };
            if let Some(settling) = trip.settled(outcome) {
                break settling?;
            }
        };
        match settling {
            Settling::Done => Ok(()),
            Settling::Gone => Err(LetterRefused::NotFound(id)),
            Settling::Refused(refusal) => Err(SubmitError::from(refusal).into()),
            Settling::Before => {
                let first = self.dead_letter(id).await?;
                let first = first.filter(|first| first.status != LetterStatus::Pending);
                // Else the state is far behind the journal.
                Err(first.map_or(Unavailable::Closed.into(), |first| {
                    LetterRefused::Settled(Box::new(first))
                }))
            }
        }
    }

    /// The same in this process.
    pub(crate) async fn settle_letter_here(
        &self,
        fact: DeadLetterSettled,
        start: Option<LetterStart>,
        actor: &str,
    ) -> Result<Settling, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let slot = Id::from_slice(&fact.id).unwrap_or_default().slot();
        let port = self.shared.port(slot);
        if !port.is_open() {
            return Err(Unavailable::Closed);
        }
        port.notify(Internal::Letter(Box::new(LetterOrder {
            fact,
            actor: actor.to_owned(),
            start,
            reply,
        })));
        answer.await.map_err(|_| Unavailable::Closed)?
    }
}

/// The input that a letter was called with, unless a secret stood in it.
fn own_input(letter: &DeadLetter) -> Result<Payload, LetterRefused> {
    let text = letter.input.to_string();
    if text.contains("\"$secret\"") {
        let told = "expected an input without secrets, but its step put one in; give an amended `input`, or set the secret in the adapter";
        return Err(LetterRefused::Unfit(told.to_owned()));
    }
    Ok(Payload::from_bytes(text.into()))
}

/// The id of the instance that makes a letter's call anew: always the same.
fn instance_of(letter: Id, slot: Slot) -> Id {
    Id::named(letter.made_at(), slot, &letter.bytes())
}
