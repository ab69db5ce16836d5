//! Dead letters: read, called anew, thrown away.

use definition::{Catalog, Jitter, ResourceSet, RetryQuestion, no_settings_check};
use engine::record::{DeadLetterSettled, StartMessage};
use engine::{Id, Payload};
use serde_json::{Value, json};
use store::Table;
use tokio::sync::oneshot;

use super::Runtime;
use crate::cluster::{Routed, Trip, When};
use crate::dead_letter::{
    DeadLetter, LetterFilter, LetterRefused, LetterSettled, LetterStatus, letter_key,
    letter_prefix, settling,
};
use crate::error::{ApplyError, CommandError, SubmitError, Unavailable};
use crate::partition::{Internal, LetterOrder, LetterStart, Settling};
use crate::reads::{Consistency, TablePage};
use crate::submit::Submitted;

/// The version of the definitions that make a letter's call anew: their name says what is in them.
const VERSION: &str = "1.0.0";
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
        let workflow = self.one_step(&letter, actor).await?;
        let anew = instance_of(id);
        let message = StartMessage {
            workflow,
            version: VERSION.to_owned(),
            input: Some(input),
            correlation_id: letter.correlation_id.clone(),
            subject: letter.subject.clone(),
            priority: letter.priority.clone(),
            ..StartMessage::default()
        };
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
        let instance = self
            .read(anew, When::Now)
            .await
            .map_err(|error| match error {
                CommandError::Unavailable(outage) => outage,
                CommandError::NotFound(_) | CommandError::Refused(_) => Unavailable::Closed,
            })?;
        Ok(Submitted {
            id: anew,
            replayed: false,
            instance,
        })
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

    /// The workflow that makes the letter's call anew; applied when it is the first of its kind. Its
    /// name says what is in it, so that it is the same for all letters of a call.
    async fn one_step(&self, letter: &DeadLetter, actor: &str) -> Result<String, LetterRefused> {
        if letter.adapter.is_empty() {
            let told = "expected a call of an adapter, but a workflow was called; answer the decision of its instance";
            return Err(LetterRefused::Unfit(told.to_owned()));
        }
        if !self.catalog().adapters.contains_key(&letter.adapter) {
            let adapter = &letter.adapter;
            let told = format!("expected adapter {adapter} in the catalog, but it is not there");
            return Err(LetterRefused::Unfit(told));
        }
        let (name, document) = definition_of(&self.catalog(), letter);
        if self.catalog().recorded_workflow(&name, VERSION).is_some() {
            return Ok(name);
        }
        let files = vec![(format!("{name}.yaml"), document.into_bytes())];
        let (set, _) = ResourceSet::parse(files);
        let plan = |catalog: &Catalog| set.apply_to(catalog, &no_settings_check);
        let reason = "calls of dead letters are made anew";
        match self.apply(actor, reason, plan).await {
            Ok(_) => Ok(name),
            Err(ApplyError::Unavailable(outage)) => Err(outage.into()),
            Err(ApplyError::Refused(findings)) => {
                let told = format!("its call cannot be made anew: {findings:?}");
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
fn instance_of(letter: Id) -> Id {
    let hash = blake3::hash(&letter.bytes());
    let mut random = [0; 8];
    random.copy_from_slice(&hash.as_bytes()[..8]);
    Id::new(letter.made_at(), letter.slot(), u64::from_be_bytes(random))
}

/// The definition that calls what the letter's step called, tried as the adapter's policies say, and
/// kept again if it fails for good.
fn definition_of(catalog: &Catalog, letter: &DeadLetter) -> (String, String) {
    let (adapter, action) = (letter.adapter.as_str(), letter.action.as_str());
    let plan = catalog.retry_plan(RetryQuestion {
        own: None,
        own_timeout_ms: None,
        adapter: Some(adapter),
        action: Some(action).filter(|action| !action.is_empty()),
        workflow: None,
    });
    let ms = |ms: u64| Value::String(format!("{ms}ms"));
    let attempts = match plan.max_attempts {
        0 => json!("unlimited"),
        count => json!(count),
    };
    let mut retry = json!({
        "max-attempts": attempts,
        "initial-interval": ms(plan.initial_interval_ms),
        "multiplier": plan.multiplier,
        "max-interval": ms(plan.max_interval_ms),
        "jitter": if plan.jitter == Jitter::Full { "full" } else { "none" },
        "on-exhausted": "dead-letter",
    });
    if plan.max_elapsed_ms > 0 {
        retry["max-elapsed"] = ms(plan.max_elapsed_ms);
    }
    for (key, patterns) in [("retry-on", &plan.retry_on), ("never-on", &plan.never_on)] {
        if !patterns.is_empty() {
            retry[key] = json!(patterns);
        }
    }
    let mut step = json!({
        "id": "call",
        "adapter": adapter,
        "input": "${ input }",
        "timeout": ms(plan.timeout_ms),
        "retry": retry,
    });
    if !action.is_empty() {
        step["action"] = json!(action);
    }
    let hash = blake3::hash(step.to_string().as_bytes()).to_hex();
    let name = format!("reprocess-{}-{}", slug(adapter), &hash[..12]);
    let workflow = json!({
        "workflow": {
            "name": name,
            "version": VERSION,
            "output": "${ steps.call.output }",
            "steps": [step],
        }
    });
    (name, workflow.to_string())
}

/// A name's letters and digits in kebab-case.
fn slug(name: &str) -> String {
    let fitting = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let text: String = name.chars().map(fitting).take(40).collect();
    text.trim_matches('-').to_owned()
}
