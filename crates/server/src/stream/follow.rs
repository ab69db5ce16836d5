//! What a stream says next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::{HistoryRecord, Json, Problem, StreamRecord, Time};
use engine::record::{Body, EventTaken, Record};
use engine::view::{RecordView, record_type};
use engine::{Id, Instance};
use runtime::{Published, Runtime, Subscription};
use serde_json::json;

use crate::door::{Refusal, of_read, of_stream};
use crate::names::Names;
use crate::render;
use crate::state::Door;

/// Instances whose names a stream of all keeps at hand.
const MAX_KNOWN: usize = 512;

/// One thing that a stream says.
pub enum Said {
    /// A record: JSON, and the place to go on from.
    Record {
        /// The record as JSON.
        json: String,
        /// `seq` of one instance, or a cursor of all.
        place: String,
    },
    /// The instance ended with this status; nothing follows.
    End(String),
    /// The stream cannot go on.
    Problem(Box<Problem>),
}

/// A stream that says one thing after the other; none: it is over.
pub trait Follow: Send + 'static {
    /// What comes next.
    fn next(&mut self) -> impl Future<Output = Option<Said>> + Send;
}

/// Follows one instance until it ends.
pub struct FollowOne {
    runtime: Runtime,
    id: Id,
    names: Names,
    records: Subscription,
    /// The last record that was said.
    seq: u64,
}

impl FollowOne {
    /// Follows the instance from behind its record `from_seq`.
    ///
    /// # Errors
    /// When there is no such instance, or it cannot be read for the moment.
    pub async fn begin(door: &Door, id: Id, from_seq: u64) -> Result<Self, Refusal> {
        let runtime = door.runtime.clone();
        let state = runtime.instance(id).await.map_err(of_read)?;
        let subscribed = runtime.subscribe(id, from_seq).await;
        let records = subscribed.map_err(|error| of_stream(&error))?;
        Ok(Self {
            names: Names::of(runtime.clone(), state),
            runtime,
            id,
            records,
            seq: from_seq,
        })
    }

    /// The status, once everything was said and the instance has ended.
    fn end(&self) -> Option<Said> {
        let state = self.names.present();
        let over = self.seq >= state.seq() && state.ended_at().is_some();
        over.then(|| Said::End(state.status().as_str().to_owned()))
    }

    async fn record(&mut self, published: Published) -> Result<Said, Refusal> {
        let seq = published.record.seq;
        // The state must be at or behind the record, for the names of what it speaks of.
        if seq > self.names.present().seq() {
            let present = self.runtime.instance(self.id).await.map_err(of_read)?;
            self.names.renew(present);
        }
        self.seq = seq;
        let named = self.names.at(&published.record).await.map_err(of_read)?;
        let shown = render::history_record(&published.record, Some(published.position), named);
        let json = serde_json::to_string(&shown).unwrap_or_default();
        Ok(Said::Record {
            json,
            place: seq.to_string(),
        })
    }
}

impl Follow for FollowOne {
    async fn next(&mut self) -> Option<Said> {
        if let Some(end) = self.end() {
            return Some(end);
        }
        let said = match self.records.next().await? {
            Ok(published) => self.record(published).await,
            Err(error) => Err(of_stream(&error)),
        };
        Some(said.unwrap_or_else(|refusal| Said::Problem(Box::new(refusal.into_problem()))))
    }
}

/// Which records a stream of all says.
#[derive(Clone, Debug, Default)]
pub struct AllFilter {
    /// Only of this workflow.
    pub workflow: Option<String>,
    /// Only with this correlation id.
    pub correlation_id: Option<String>,
    /// Only of these types; empty: all of instances.
    pub kinds: Vec<String>,
    /// At most so many events a second.
    pub event_rate: Option<u32>,
}

/// The type of an event's record.
const EVENT_TAKEN: &str = "event-taken";

impl AllFilter {
    /// Whether events are asked for.
    pub fn has_events(&self) -> bool {
        self.kinds.iter().any(|kind| kind == EVENT_TAKEN)
    }
}

/// Leaves out what is more than so many in a second.
#[derive(Default)]
struct Sieve {
    second: Option<Instant>,
    passed: u32,
}

impl Sieve {
    fn lets_pass(&mut self, rate: u32, now: Instant) -> bool {
        let begun = self.second.get_or_insert(now);
        if now.duration_since(*begun) >= Duration::from_secs(1) {
            (self.second, self.passed) = (Some(now), 0);
        }
        self.passed += 1;
        self.passed <= rate
    }
}

/// Follows all instances.
pub struct FollowAll {
    runtime: Runtime,
    records: Subscription,
    filter: AllFilter,
    sieve: Sieve,
    known: BTreeMap<Id, Arc<Instance>>,
}

impl FollowAll {
    /// Follows what this subscription gives and the filter lets through.
    pub fn new(door: &Door, records: Subscription, filter: AllFilter) -> Self {
        Self {
            runtime: door.runtime.clone(),
            records,
            filter,
            sieve: Sieve::default(),
            known: BTreeMap::new(),
        }
    }

    /// The instance at or behind the record.
    async fn state(&mut self, record: &Record) -> Option<Arc<Instance>> {
        let state = self.latest(record).await?;
        if RecordView::is_named(record, &state) {
            return Some(state);
        }
        let past = self.runtime.state_at(record.entity, record.seq).await;
        Some(past.map_or(state, Arc::new))
    }

    async fn latest(&mut self, record: &Record) -> Option<Arc<Instance>> {
        let id = record.entity;
        if let Some(state) = self
            .known
            .get(&id)
            .filter(|state| state.seq() >= record.seq)
        {
            return Some(Arc::clone(state));
        }
        let state = self.runtime.instance(id).await.ok()?;
        if self.known.len() >= MAX_KNOWN {
            self.known.pop_first();
        }
        self.known.insert(id, Arc::clone(&state));
        Some(state)
    }

    /// An event, if it is asked for and not too many come.
    fn event(&mut self, published: &Published, taken: &EventTaken) -> Option<Said> {
        let filter = &self.filter;
        let correlation = &taken.correlation_id;
        let of_other = filter
            .correlation_id
            .as_ref()
            .is_some_and(|wanted| wanted != correlation);
        if filter.workflow.is_some() || of_other {
            return None;
        }
        if let Some(rate) = filter.event_rate
            && !self.sieve.lets_pass(rate, Instant::now())
        {
            return None;
        }
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let event = json!({
            "event": Id::from_slice(&taken.id).unwrap_or_default().to_string(),
            "event_type": taken.event_type,
            "source": taken.source,
            "subject": text(&taken.subject),
            "routes": taken.routes.len(),
        });
        let shown = StreamRecord {
            workflow_id: String::new(),
            workflow: None,
            correlation_id: text(correlation),
            record: HistoryRecord {
                seq: 0,
                position: Some(published.position),
                at: Time(taken.at),
                kind: EVENT_TAKEN.to_owned(),
                step: None,
                lane: None,
                cause: text(&taken.cause),
                actor: text(&taken.actor),
                data: Json::from_value(&event),
            },
            cursor: published.cursor.clone(),
        };
        let json = serde_json::to_string(&shown).unwrap_or_default();
        let place = published.cursor.clone();
        Some(Said::Record { json, place })
    }

    async fn record(&mut self, published: Published) -> Option<Said> {
        if let Some(taken) = published.record.event_taken() {
            return self.event(&published, taken);
        }
        let kind = published
            .record
            .body
            .as_ref()
            .map_or("unknown", record_type);
        if !self.filter.kinds.is_empty() && !self.filter.kinds.iter().any(|wanted| wanted == kind) {
            return None;
        }
        let state = self.state(&published.record).await?;
        let started = &state.header().started;
        let is =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|w| w == found);
        if !is(&self.filter.workflow, &started.workflow)
            || !is(&self.filter.correlation_id, &started.correlation_id)
        {
            return None;
        }
        let shown = StreamRecord {
            workflow_id: state.id().to_string(),
            workflow: Some(started.workflow.clone()),
            correlation_id: Some(started.correlation_id.clone()),
            record: render::history_record(&published.record, Some(published.position), &state),
            cursor: published.cursor.clone(),
        };
        if matches!(published.record.body, Some(Body::InstanceEnded(_))) {
            self.known.remove(&state.id());
        }
        let json = serde_json::to_string(&shown).unwrap_or_default();
        Some(Said::Record {
            json,
            place: published.cursor,
        })
    }
}

impl Follow for FollowAll {
    async fn next(&mut self) -> Option<Said> {
        loop {
            match self.records.next().await? {
                Ok(published) => {
                    if let Some(said) = self.record(published).await {
                        return Some(said);
                    }
                }
                Err(error) => {
                    let problem = of_stream(&error).into_problem();
                    return Some(Said::Problem(Box::new(problem)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_pass_in_each_second() {
        let (mut sieve, begun) = (Sieve::default(), Instant::now());
        let mut at = |ms: u64| sieve.lets_pass(2, begun + Duration::from_millis(ms));
        let passed: Vec<bool> = [0, 10, 20, 999, 1_000, 1_001, 1_002, 5_000]
            .map(&mut at)
            .into();
        assert_eq!(passed, [true, true, false, false, true, true, false, true]);
    }
}
