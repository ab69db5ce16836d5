//! What a stream says next.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Problem, StreamRecord};
use engine::record::{Body, Record};
use engine::view::{RecordView, record_type};
use engine::{Id, Instance};
use runtime::{Published, Runtime, Subscription};

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
    /// Only of these types; empty: all.
    pub kinds: Vec<String>,
}

/// Follows all instances.
pub struct FollowAll {
    runtime: Runtime,
    records: Subscription,
    filter: AllFilter,
    known: BTreeMap<Id, Arc<Instance>>,
}

impl FollowAll {
    /// Follows what this subscription gives and the filter lets through.
    pub fn new(door: &Door, records: Subscription, filter: AllFilter) -> Self {
        Self {
            runtime: door.runtime.clone(),
            records,
            filter,
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

    async fn record(&mut self, published: Published) -> Option<Said> {
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
