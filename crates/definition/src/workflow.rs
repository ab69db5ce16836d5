//! A workflow at one version, checked and compiled: the graph that the engine interprets.
//!
//! Steps and lists live in two arenas and name each other by index, so that the engine's state can
//! refer to them cheaply and a definition is one immutable value.

use std::collections::BTreeMap;
use std::sync::Arc;

use expression::{Program, Template};

use crate::cache::Cache;
use crate::event::{AwaitedEvent, Deadline, Emit};
use crate::input::{InputCheck, InputError};
use crate::lifecycle::Callback;
use crate::limits::RateSpec;
use crate::man::{Ask, Gate, OnReject};
use crate::policy::RetryPolicy;
use crate::trigger::Trigger;
use crate::turn::{Concurrency, Fairness, StepConcurrency};

/// What stands for a sensitive value where it is shown.
const MASK: &str = "***";

/// A step's place in [`Workflow::steps`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepIx(pub u32);

/// A list's place in [`Workflow::lists`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListIx(pub u32);

impl ListIx {
    /// The workflow's own `steps`.
    pub const ROOT: Self = Self(0);
}

/// A workflow at one version; immutable once applied.
#[derive(Debug)]
pub struct Workflow {
    /// Kebab-case, unique in its namespace.
    pub name: String,
    /// Semantic version.
    pub version: semver::Version,
    /// BLAKE3 of the resolved document; the same version never has two.
    pub hash: [u8; 32],
    /// The resolved document as stored in the catalog: what nodes compile.
    pub document: Arc<serde_json::Value>,
    /// JSON Schema of the input.
    pub input_schema: Option<Arc<serde_json::Value>>,
    /// That schema, compiled.
    pub(crate) input_check: InputCheck,
    /// JSON pointers into the input that are masked wherever it is shown.
    pub sensitive: Vec<String>,
    /// Limit of the whole instance.
    pub timeout: Option<Duration>,
    /// What is published when an instance takes long.
    pub deadlines: Vec<Deadline>,
    /// How urgent an instance is, where its start does not say.
    pub priority: Option<Template>,
    /// How many instances with the same key run at once.
    pub concurrency: Option<Concurrency>,
    /// Whose share of what is short an instance takes.
    pub fairness: Option<Fairness>,
    /// Whom an instance is about.
    pub subject: Option<Template>,
    /// Searchable attributes.
    pub attributes: BTreeMap<String, Template>,
    /// What a failure does; `Compensate` by default where any step has a compensation.
    pub on_failure: OnFailure,
    /// `defaults.retry` for the workflow's steps.
    pub default_retry: Option<RetryChoice>,
    /// `defaults.timeout` for the workflow's steps, in milliseconds.
    pub default_timeout_ms: Option<u64>,
    /// The instance's output; null without it.
    pub output: Option<Template>,
    /// What starts it beside the API.
    pub triggers: Vec<Trigger>,
    /// Who is told of its instances, beside those who are told of all.
    pub callbacks: Vec<Arc<Callback>>,
    /// All steps, in document order.
    pub steps: Vec<Step>,
    /// All lists of steps; the root list is first.
    pub lists: Vec<List>,
    /// Steps that run however the instance ends.
    pub finally: Option<ListIx>,
}

impl Workflow {
    /// The step at `ix`.
    pub fn step(&self, ix: StepIx) -> &Step {
        &self.steps[ix.0 as usize]
    }

    /// The list at `ix`.
    pub fn list(&self, ix: ListIx) -> &List {
        &self.lists[ix.0 as usize]
    }

    /// What is wrong with an input, by the schema; nothing where it fits or there is no schema.
    pub fn check_input(&self, input: &serde_json::Value) -> Vec<InputError> {
        self.input_check.check(input)
    }

    /// Masks what the definition calls sensitive in an input that is to be shown.
    pub fn mask_input(&self, input: &mut serde_json::Value) {
        for pointer in &self.sensitive {
            if let Some(found) = input.pointer_mut(pointer) {
                *found = serde_json::Value::String(MASK.to_owned());
            }
        }
    }

    /// The types of the events that its steps wait for.
    pub fn awaited_types(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Wait(Wait::Event(awaited)) => Some(awaited.event_type.as_str()),
            _ => None,
        })
    }

    /// The step with this id.
    pub fn step_named(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| &*step.id == id)
    }
}

/// A list of steps: the root, a branch, a case, a loop's body, a catch, `finally`.
#[derive(Debug)]
pub struct List {
    /// Its own index.
    pub ix: ListIx,
    /// The step whose block it is; none for the root and `finally`.
    pub owner: Option<StepIx>,
    /// Its steps in document order.
    pub steps: Vec<StepIx>,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Its own index.
    pub ix: StepIx,
    /// Unique in the definition.
    pub id: Arc<str>,
    /// The list it stands in.
    pub list: ListIx,
    /// Its place in that list.
    pub position: u32,
    /// Siblings that must have ended before it starts (explicit `needs`, else the one before it).
    pub needs: Vec<StepIx>,
    /// Else the step is skipped.
    pub when: Option<Program>,
    /// What it does.
    pub action: Action,
    /// Of one attempt; of the whole for blocks, children and waits.
    pub timeout: Option<Duration>,
    /// After the last attempt; unset leaves it to the retry policy's `on-exhausted`.
    pub on_error: Option<OnError>,
    /// Tried in order when the step failed.
    pub catches: Vec<Catch>,
    /// How it is undone.
    pub compensation: Option<Compensation>,
    /// What holds it back until a person approves; none where nothing is said.
    pub gate: Option<Box<Gate>>,
}

/// The one thing that a step does.
#[expect(clippy::large_enum_variant, reason = "nearly all steps are calls")]
#[derive(Debug)]
pub enum Action {
    /// Calls an adapter.
    Task(Task),
    /// Starts a child workflow.
    Child(Child),
    /// Runs a list as one step.
    Group(ListIx),
    /// Runs branches side by side.
    Parallel(Parallel),
    /// Runs the first case that holds.
    Switch(Vec<Case>),
    /// Runs a list for each item.
    ForEach(ForEach),
    /// Runs a list in rounds.
    Repeat(Repeat),
    /// Waits without using memory.
    Wait(Wait),
    /// Asks a person.
    Decision {
        /// How.
        ask: Box<Ask>,
        /// What a rejection does.
        on_reject: OnReject,
    },
    /// Publishes an event.
    Emit(Emit),
    /// Computes values into its output.
    Set(Template),
    /// Raises an error.
    Fail {
        /// The error's type.
        error_type: Template,
        /// The error's message.
        message: Template,
    },
    /// Ends the instance with this output.
    Complete(Template),
    /// Ends the nearest loop with this value as the lane's last output.
    Break(Template),
}

/// A call of an adapter.
#[derive(Debug)]
pub struct Task {
    /// The adapter's name.
    pub adapter: String,
    /// The action; none means the adapter's default action.
    pub action: Option<String>,
    /// The input; none means the workflow's input.
    pub input: Option<Template>,
    /// Replaces the built-in idempotency key.
    pub idempotency_key: Option<Template>,
    /// The step's own retry.
    pub retry: Option<RetryChoice>,
    /// How urgent its calls are; none: as the instance is.
    pub priority: Option<Template>,
    /// How many of its calls are under way at once.
    pub concurrency: Option<StepConcurrency>,
    /// A completed output is used again.
    pub cache: Option<Cache>,
}

/// A child workflow.
#[derive(Debug)]
pub struct Child {
    /// Its name.
    pub workflow: String,
    /// Which versions will do; none means as a start without a version.
    pub version: Option<semver::VersionReq>,
    /// Its input; none means the workflow's input.
    pub input: Option<Template>,
    /// The parent does not wait for it.
    pub detach: bool,
    /// Where it runs; none means near when it is awaited alone, else spread.
    pub placement: Option<Placement>,
    /// A retry is a new child.
    pub retry: Option<RetryChoice>,
}

/// Where a child runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// In its parent's partition.
    Near,
    /// In any partition, so that one root does not keep all its descendants on one core.
    Spread,
}

/// Branches side by side.
#[derive(Debug)]
pub struct Parallel {
    /// In document order.
    pub branches: Vec<Branch>,
    /// Branches given as a map: outputs are an object, winners are names.
    pub named: bool,
    /// When it is done.
    pub join: Join,
    /// What the first failed branch does.
    pub failure: FailureMode,
    /// A branch counts only if this holds (sees `branch` and `output`).
    pub accept: Option<Program>,
    /// Losers stay in the saga instead of being compensated at once.
    pub keep_losers: bool,
}

/// One branch.
#[derive(Debug)]
pub struct Branch {
    /// Its name, when branches are a map.
    pub name: Option<String>,
    /// Its steps.
    pub list: ListIx,
}

/// When a parallel step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// All branches ended well.
    All,
    /// The first `n` successes (`any` is 1).
    First(u32),
}

/// What a failure inside a block does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureMode {
    /// Cancels the rest.
    FailFast,
    /// Lets all end; the output is `{results, errors}`.
    Collect,
}

/// A case of a switch; the default has no condition and stands last.
#[derive(Debug)]
pub struct Case {
    /// Holds or not.
    pub when: Option<Program>,
    /// Its steps.
    pub list: ListIx,
}

/// A lane per item or batch of items.
#[derive(Debug)]
pub struct ForEach {
    /// The list of items.
    pub items: Template,
    /// The item's name; `item` by default.
    pub item_name: String,
    /// Items per lane; the item is then a list.
    pub batch: Option<u32>,
    /// Lanes at once.
    pub concurrency: u32,
    /// Lanes opened per time; none: as room frees.
    pub rate: Option<RateSpec>,
    /// What a failed lane does.
    pub failure: FailureMode,
    /// Failures that are borne; passing it fails the step.
    pub max_failures: Option<Threshold>,
    /// Each lane's contribution to the output; its last output by default.
    pub collect: Option<Template>,
    /// The body.
    pub list: ListIx,
}

/// A count, or a share of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// So many.
    Count(u64),
    /// So many in a hundred.
    Percent(f64),
}

/// Rounds of a list.
#[derive(Debug)]
pub struct Repeat {
    /// The first `state`.
    pub state: Option<Template>,
    /// The next `state`, computed after each round (after `until` was asked).
    pub next: Option<Template>,
    /// Asked before a round.
    pub condition_before: Option<Program>,
    /// Asked after a round; true ends the loop.
    pub condition_after: Option<Program>,
    /// At most so many rounds.
    pub max: Option<u32>,
    /// Between rounds.
    pub delay: Option<Duration>,
    /// `max` reached: end well instead of failing with `loop-limit`.
    pub continue_on_max: bool,
    /// The body.
    pub list: ListIx,
}

/// A durable wait.
#[derive(Debug)]
pub enum Wait {
    /// So long.
    For(Duration),
    /// Until a time.
    At(Template),
    /// For a signal.
    Signal {
        /// Its name.
        name: Template,
        /// At most so long; none: without an end.
        timeout: Option<Duration>,
        /// The time-out ends the step well, without output, instead of failing it with
        /// `wait.timeout`.
        continue_on_timeout: bool,
    },
    /// For an event.
    Event(Box<AwaitedEvent>),
}

/// The longest name of a signal, in bytes.
pub const MAX_SIGNAL_NAME: usize = 128;

/// What a signal's name may be, in words.
pub const SIGNAL_NAME: &str =
    "the name of a signal (1 to 128 bytes, without control characters and spaces around it)";

/// Whether a signal may have this name.
pub fn is_signal_name(name: &str) -> bool {
    let length = 1..=MAX_SIGNAL_NAME;
    length.contains(&name.len()) && name.trim() == name && !name.chars().any(char::is_control)
}

/// A duration that is fixed or computed.
#[derive(Debug)]
pub enum Duration {
    /// Milliseconds.
    Fixed(u64),
    /// Gives text or a CEL duration.
    Computed(Template),
}

/// What a step's failure does after the last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Fails the list (catches are tried first).
    Fail,
    /// Goes on; the step is failed.
    Continue,
    /// Asks a person.
    Man,
}

/// What an instance's failure does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Undoes completed steps in reverse order.
    Compensate,
    /// Leaves them as they are.
    Stop,
    /// Asks a person which of the two.
    Man,
}

/// Steps that handle an error.
#[derive(Debug)]
pub struct Catch {
    /// Exact, or with a trailing `*`.
    pub pattern: String,
    /// The handler.
    pub list: ListIx,
}

impl Catch {
    /// Whether it takes an error of this type.
    pub fn matches(&self, error_type: &str) -> bool {
        error_matches(&self.pattern, error_type)
    }
}

/// Whether a pattern of a catch or a retry policy, exact or with a trailing `*`, takes an error of
/// this type.
pub fn error_matches(pattern: &str, error_type: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => error_type.starts_with(prefix),
        None => pattern == error_type,
    }
}

/// How a step is undone.
#[derive(Debug)]
pub struct Compensation {
    /// What undoes it.
    pub undo: Undo,
    /// The undo's input; none means `{input, output}` of the step.
    pub input: Option<Template>,
    /// The undo's own retry.
    pub retry: Option<RetryChoice>,
    /// Of one attempt of the undo, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Asked first when the step's outcome is unknown; answers `{found, output}`.
    pub verify: Option<Verify>,
}

/// What undoes a step; bare names were resolved when the definition was applied.
#[derive(Debug)]
pub enum Undo {
    /// An adapter's action.
    Adapter {
        /// The adapter.
        adapter: String,
        /// Its action; none means its default action.
        action: Option<String>,
    },
    /// A workflow, started as a child.
    Workflow(String),
}

/// A call that tells whether a step took effect.
#[derive(Debug)]
pub struct Verify {
    /// The adapter.
    pub adapter: String,
    /// Its action.
    pub action: Option<String>,
    /// Its input; none means `{input}` of the step.
    pub input: Option<Template>,
}

/// A retry given by name or in full.
#[derive(Clone, Debug, PartialEq)]
pub enum RetryChoice {
    /// A policy's name (`standard`, `critical`, `optional`, `none`, or one of the user's).
    Named(String),
    /// An object; fields it leaves out come from further down the precedence.
    Inline(RetryPolicy),
}
