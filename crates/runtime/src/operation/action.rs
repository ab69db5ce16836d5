//! What can be done with many: a line for each verb.

use std::collections::BTreeMap;

use engine::record::{CancelRequested, Failure, Held};
use engine::{
    Authority, Command, Id, MigrateOrder, Payload, Signal, SignalKey, StepOrder, StepVerb,
};
use serde::{Deserialize, Serialize};

/// What is done with each. It is stored: names and fields stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub enum Action {
    /// End it early.
    Cancel {
        /// Leave what was done as it is.
        skip_compensation: bool,
    },
    /// Hold it.
    Pause,
    /// Let it go on.
    Resume,
    /// Send it a signal, once.
    Signal {
        /// The name.
        name: String,
        /// Its data, JSON text.
        data: String,
    },
    /// Have one that ended without success go on from the steps that failed.
    Retry,
    /// Have it go back to how it was at a time.
    Restore {
        /// The time, milliseconds since the epoch.
        at: i64,
        /// What was done since is undone first.
        compensate: bool,
    },
    /// Have it go on with another version of its workflow, if it fits.
    Migrate {
        /// The version.
        version: semver::Version,
        /// Steps that have another id there: the old one and the new one.
        map: BTreeMap<String, String>,
    },
    /// Start a new one from its input, once.
    Replay {
        /// The version; none: its own.
        version: Option<semver::Version>,
    },
    /// Delete it for good.
    Delete,
    /// Leave a step out.
    SkipStep(OneStep),
    /// Supply a step's output.
    CompleteStep {
        /// Which step.
        #[serde(flatten)]
        at: OneStep,
        /// The output, JSON text.
        output: String,
    },
    /// Have a step fail.
    FailStep {
        /// Which step.
        #[serde(flatten)]
        at: OneStep,
        /// The error's type.
        error_type: String,
        /// Its message.
        message: String,
    },
    /// Have a step's next attempt made at once.
    RetryStep(OneStep),
    /// Have a dead letter's call made anew, once.
    Reprocess,
    /// Throw a dead letter away.
    Discard,
}

/// A step of each instance, and who orders about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneStep {
    /// Its id.
    pub step: String,
    /// The path of its lane; none: the only one in which it is open.
    pub lane: Option<String>,
    /// Roles of the one who orders.
    pub roles: Vec<String>,
    /// Whether they may decide where nobody is named.
    pub may_decide: bool,
}

/// How a verb is carried out on one instance.
pub(super) enum Deed {
    /// A command of the engine's.
    Command(Command),
    /// It goes back to how it was at a time.
    Restore {
        /// Milliseconds since the epoch.
        at: i64,
        /// What was done since is undone first.
        compensate: bool,
    },
    /// A new instance.
    Replay(Option<semver::Version>),
    /// It goes.
    Delete,
    /// A dead letter's call is made anew.
    Reprocess,
    /// A dead letter is thrown away.
    Discard,
}

impl Action {
    /// The verb's word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Cancel { .. } => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Signal { .. } => "signal",
            Self::Retry => "retry",
            Self::Restore { .. } => "restore",
            Self::Migrate { .. } => "migrate",
            Self::Replay { .. } => "replay",
            Self::Delete => "delete",
            Self::SkipStep(_) => "skip-step",
            Self::CompleteStep { .. } => "complete-step",
            Self::FailStep { .. } => "fail-step",
            Self::RetryStep(_) => "retry-step",
            Self::Reprocess => "reprocess",
            Self::Discard => "discard",
        }
    }

    /// Whether it is about dead letters, not about instances.
    pub fn is_of_letters(&self) -> bool {
        matches!(self, Self::Reprocess | Self::Discard)
    }

    /// What is done with one instance (or letter) on behalf of an operation.
    pub(super) fn deed(&self, operation: Id, reason: &str) -> Deed {
        let reason = || reason.to_owned();
        let held = || Held { reason: reason() };
        let step = |at: &OneStep, verb| {
            let order = StepOrder {
                step: at.step.clone(),
                lane: at.lane.clone(),
                verb,
                reason: reason(),
                authority: Authority::Caller {
                    may_decide: at.may_decide,
                    roles: at.roles.clone(),
                },
            };
            Deed::Command(Command::Step(order))
        };
        match self {
            Self::Cancel { skip_compensation } => Deed::Command(Command::Cancel(CancelRequested {
                reason: reason(),
                skip_compensation: *skip_compensation,
            })),
            Self::Pause => Deed::Command(Command::Pause(held())),
            Self::Resume => Deed::Command(Command::Resume(held())),
            Self::Signal { name, data } => Deed::Command(Command::Signal(Signal {
                name: name.clone(),
                data: payload(data),
                key: Some(signal_key(operation)),
            })),
            Self::Retry => Deed::Command(Command::Retry(held())),
            Self::Restore { at, compensate } => Deed::Restore {
                at: *at,
                compensate: *compensate,
            },
            Self::Migrate { version, map } => Deed::Command(Command::Migrate(MigrateOrder {
                version: version.clone(),
                map: map.clone(),
                reason: reason(),
            })),
            Self::Replay { version } => Deed::Replay(version.clone()),
            Self::Delete => Deed::Delete,
            Self::SkipStep(at) => step(at, StepVerb::Skip),
            Self::CompleteStep { at, output } => step(at, StepVerb::Complete(payload(output))),
            Self::FailStep {
                at,
                error_type,
                message,
            } => {
                let error = Failure {
                    error_type: error_type.clone(),
                    message: message.clone(),
                    ..Failure::default()
                };
                step(at, StepVerb::Fail(error))
            }
            Self::RetryStep(at) => step(at, StepVerb::Retry),
            Self::Reprocess => Deed::Reprocess,
            Self::Discard => Deed::Discard,
        }
    }
}

fn payload(json: &str) -> Payload {
    Payload::from_bytes(json.to_owned().into())
}

/// An instance knows the signal of an operation by it.
fn signal_key(operation: Id) -> SignalKey {
    let id = || bytes::Bytes::copy_from_slice(&operation.bytes());
    SignalKey {
        key: id(),
        digest: id(),
    }
}
