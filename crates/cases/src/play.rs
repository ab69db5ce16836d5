//! One case from its start to its end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use adapter::{Registry, Secret, SecretError, Secrets};
use bytes::Bytes;
use definition::{ResourceSet, TestCase, TestEvent, WorkflowTest, no_settings_check};
use engine::view::RecordView;
use engine::{Id, Instance, Payload};
use runtime::{Clock, Config, Incoming, Runtime, Submit, Subscription, Surroundings, TokioClock};
use serde_json::{Value, json};
use store::MemoryStore;

use crate::compare::{Ran, differences};
use crate::mocks::Mocks;
use crate::people::{Coming, Next};
use crate::report::CaseReport;

/// When a case starts that does not say: 2026-01-01T00:00:00Z, in milliseconds since the epoch.
const START_MS: i64 = 1_767_225_600_000;
/// How long a workflow may take by its own clock, in milliseconds: 400 days.
const LIMIT_MS: i64 = 400 * 24 * 60 * 60 * 1_000;
/// How long an event takes at most to whoever waits for it.
const ON_ITS_WAY: Duration = Duration::from_secs(1);
/// Records of which the path is read at most.
const RECORDS: usize = 100_000;

/// Runs one case. `kinds` are the kinds of adapters whose settings the files may have; `environment` is what the
/// server would run as.
#[must_use]
pub fn run(
    set: &ResourceSet,
    kinds: &Registry,
    environment: &str,
    test: &WorkflowTest,
    case: &TestCase,
) -> CaseReport {
    let mut report = CaseReport {
        workflow: test.workflow.clone(),
        name: case.name.clone(),
        place: case.place.clone(),
        failures: Vec::new(),
        took_ms: 0,
    };
    let built = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    let played = match built {
        Ok(runtime) => runtime.block_on(play(set, kinds, environment, test, case)),
        Err(error) => Err(error.to_string()),
    };
    match played {
        Ok(played) => (report.failures, report.took_ms) = (played.failures, played.took_ms),
        Err(error) => report.failures.push(error),
    }
    report
}

struct Played {
    failures: Vec<String>,
    took_ms: i64,
}

async fn play(
    set: &ResourceSet,
    kinds: &Registry,
    environment: &str,
    test: &WorkflowTest,
    case: &TestCase,
) -> Result<Played, String> {
    let mocks = Mocks::new(&case.mocks);
    let clock = Arc::new(TokioClock::starting_at(start_of(case)?));
    let surroundings = Surroundings {
        store: Arc::new(MemoryStore::new()),
        kinds: mocks.over(kinds),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        secrets: Arc::new(AnySecret),
        cluster: None,
        seed: 1,
        log_filter: None,
        on_fatal: Arc::new(|_| {}),
    };
    let runtime = Runtime::open(Config::embedded(environment, 1), surroundings).await;
    let runtime = runtime.map_err(|error| error.to_string())?;
    let applied = runtime.apply("tester", "", |catalog| {
        set.apply_to(catalog, &no_settings_check)
    });
    applied.await.map_err(|error| error.to_string())?;
    let mut stage = Stage {
        runtime,
        clock,
        coming: Coming::of(case),
        failures: unknown_mocks(set, case),
    };
    let played = stage.perform(test, case, &mocks).await;
    stage.runtime.abort();
    played
}

/// A case under way.
struct Stage<'a> {
    runtime: Runtime,
    clock: Arc<TokioClock>,
    coming: Coming<'a>,
    failures: Vec<String>,
}

impl Stage<'_> {
    async fn perform(
        &mut self,
        test: &WorkflowTest,
        case: &TestCase,
        mocks: &Mocks,
    ) -> Result<Played, String> {
        let started_at = self.clock.now_ms();
        let submit = submit_of(test, case)?;
        let started = self.runtime.submit(submit).await;
        let id = started
            .map_err(|error| format!("it was not started: {error}"))?
            .id;
        let watch = self.runtime.subscribe(id, 0).await;
        let watch = watch.map_err(|error| error.to_string())?;
        let instance = self.until_over(id, watch, started_at).await?;
        let heard = mocks.heard();
        let ran = Ran {
            status: instance.status().as_str().to_owned(),
            error: instance
                .error()
                .map(|error| (error.error_type.clone(), error.message.clone())),
            waits: waits(&instance),
            path: self.path(&instance).await?,
            output: instance
                .output()
                .map_or(Value::Null, |output| Value::clone(&output.value())),
            calls: heard.calls,
        };
        let unmocked = heard.unmocked.into_iter();
        let unmocked =
            unmocked.map(|what| format!("it called {what}, of which `mocks` say nothing"));
        self.failures.extend(unmocked);
        self.failures.extend(self.coming.unused());
        self.failures.extend(differences(&case.expect, &ran));
        Ok(Played {
            failures: std::mem::take(&mut self.failures),
            took_ms: self.clock.now_ms() - started_at,
        })
    }

    /// Until it has ended, or waits for what the case does not bring.
    async fn until_over(
        &mut self,
        id: Id,
        mut watch: Subscription,
        started_at: i64,
    ) -> Result<Arc<Instance>, String> {
        let until = started_at + LIMIT_MS;
        loop {
            let instance = self.runtime.instance(id).await;
            let instance = instance.map_err(|error| error.to_string())?;
            let now = self.clock.now_ms();
            if !instance.status().is_open() || now >= until {
                return Ok(instance);
            }
            let at = match self.coming.next(&instance, started_at, now) {
                Next::Act(act) => {
                    let done = self.runtime.command(id, act.command, &act.by).await;
                    if let Err(error) = done {
                        self.failures
                            .push(format!("{} was refused: {error}", act.what));
                    }
                    continue;
                }
                Next::Event(event) => {
                    self.send(&instance, event).await;
                    // It is on its way to whoever waits.
                    let _either = tokio::time::timeout(ON_ITS_WAY, watch.next()).await;
                    continue;
                }
                Next::At(at) => at,
                Next::Nothing if waits_for_people(&instance) => return Ok(instance),
                Next::Nothing => until,
            };
            let pause = Duration::from_millis((at.min(until) - now).unsigned_abs());
            // A record, or the time has come: then all is looked at again.
            let _either = tokio::time::timeout(pause, watch.next()).await;
        }
    }

    async fn send(&mut self, instance: &Instance, event: &TestEvent) {
        let own = || instance.own_event_key().to_owned();
        let subject = event.subject.clone().unwrap_or_else(own);
        let meta = json!({
            "specversion": "1.0",
            "type": event.event_type,
            "source": "/test",
            "subject": subject,
        });
        let incoming = Incoming {
            event_type: event.event_type.clone(),
            source: "/test".to_owned(),
            subject,
            meta: Payload::from_value(meta),
            data: Payload::from_value(event.data.clone()),
            actor: "tester".to_owned(),
            cause: "test".to_owned(),
            ..Incoming::default()
        };
        let taken = self.runtime.take_events(vec![incoming]).await;
        for error in taken.into_iter().filter_map(Result::err) {
            let event_type = &event.event_type;
            self.failures
                .push(format!("the event {event_type} was refused: {error}"));
        }
    }

    /// Steps by the order in which they ended, and their undos.
    async fn path(&self, instance: &Instance) -> Result<Vec<String>, String> {
        let history = self.runtime.history(instance.id(), 0, RECORDS).await;
        let records = history.map_err(|error| error.to_string())?.records;
        let (mut path, mut called) = (Vec::new(), BTreeSet::new());
        let named = self.runtime.state_at(instance.id(), 1).await;
        let mut named = named.map_err(|error| error.to_string())?;
        for record in &records {
            if record.seq > named.seq() {
                self.runtime.advance(&mut named, record);
            }
            let view = RecordView::new(record, &named);
            let Some(step) = view.step else { continue };
            match view.kind {
                "step-completed" | "step-failed" => path.push(step),
                "compensation-scheduled" => drop(called.insert((step, view.lane))),
                // Of a block only what is in it is undone.
                "compensation-ended" if view.data["outcome"] == "done" => {
                    let undo = format!("undo {step}");
                    if called.contains(&(step, view.lane)) {
                        path.push(undo);
                    }
                }
                _ => {}
            }
        }
        Ok(path)
    }
}

/// It waits for nothing but people, signals and events, and without an end.
fn waits_for_people(instance: &Instance) -> bool {
    let (waiting, count) = instance.waiting_for(usize::MAX);
    let by_itself = |kind: &str| !matches!(kind, "decision" | "signal" | "event");
    count > 0
        && waiting
            .iter()
            .all(|one| one.until.is_none() && !by_itself(one.kind))
}

fn waits(instance: &Instance) -> Vec<String> {
    let (waiting, _) = instance.waiting_for(5);
    waiting.into_iter().map(|one| one.what).collect()
}

fn start_of(case: &TestCase) -> Result<i64, String> {
    let Some(clock) = &case.clock else {
        return Ok(START_MS);
    };
    let read = clock.parse::<jiff::Timestamp>();
    let wrong = |_| {
        format!("expected `clock` to be a time such as 2026-01-31T08:00:00Z, but got {clock:?}")
    };
    read.map(jiff::Timestamp::as_millisecond).map_err(wrong)
}

fn submit_of(test: &WorkflowTest, case: &TestCase) -> Result<Submit, String> {
    let version = test.version.as_deref().map(str::parse).transpose();
    Ok(Submit {
        workflow: test.workflow.clone(),
        version: version.map_err(|error| format!("the version: {error}"))?,
        input: Payload::from_bytes(Bytes::from(case.input.to_string())),
        actor: "tester".to_owned(),
        cause: "test".to_owned(),
        ..Submit::default()
    })
}

/// Mocks of adapters that the files do not have.
fn unknown_mocks(set: &ResourceSet, case: &TestCase) -> Vec<String> {
    let known: BTreeSet<&str> = set
        .keys()
        .filter(|key| key.kind == definition::ResourceKind::Adapter)
        .map(|key| key.name.as_str())
        .collect();
    let adapter = |name: &String| name.split('/').next().unwrap_or_default().to_owned();
    let unknown = case
        .mocks
        .keys()
        .map(adapter)
        .filter(|name| !known.contains(name.as_str()));
    unknown
        .map(|name| {
            let near = adapter::nearest(&name, known.iter().copied());
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            format!("expected `mocks` to name adapters of the files, but found `{name}`{hint}")
        })
        .collect()
}

/// Whatever is asked for is there: nothing real is called.
struct AnySecret;

impl Secrets for AnySecret {
    fn resolve(&self, name: &str) -> Result<Secret, SecretError> {
        Ok(Secret::new(format!("the secret {name}")))
    }
}
