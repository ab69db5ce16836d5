//! What there is to do with one instance, and what is told about it.

use std::borrow::Cow;
use std::sync::Arc;

use engine::record::{DeadLetterSettled, MessageSent};
use engine::{Command, Id, Instance, TimerKey};
use tokio::sync::{mpsc, oneshot};

use super::delete::Deletion;
use super::start::{StartReply, StartRequest};
use crate::error::{CommandError, ReadError, Unavailable};
use crate::subscribe::Published;
use crate::turns::Queue;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<T>;

/// A command that was carried out.
pub(crate) struct Carried {
    /// The state after it.
    pub(crate) instance: Arc<Instance>,
    /// It was a result that came too late to matter.
    pub(crate) ignored: bool,
}

/// Something to do with one instance; waits while the instance is loaded.
#[expect(clippy::large_enum_variant, reason = "nearly all work is commands")]
pub(crate) enum Work {
    /// Decide a command.
    Command {
        /// It.
        command: Command,
        /// Its id; nil: it gets one.
        command_id: Id,
        /// Who sent it; empty for the engine itself.
        actor: String,
        /// What led to it.
        cause: Cow<'static, str>,
        /// Who waits for the answer.
        reply: Option<Reply<Result<Carried, CommandError>>>,
        /// Dead letters that are settled by it.
        letters: Vec<DeadLetterSettled>,
    },
    /// Take a message, the next of its pair of slots.
    Message(Box<MessageSent>),
    /// Start it, unless that was done before.
    StartAgain(Box<StartRequest>),
    /// Answer with the state.
    Read(Reply<Result<Arc<Instance>, ReadError>>),
    /// Answer with the state once it exists: its start is on the way.
    AwaitStart(Reply<Result<Arc<Instance>, ReadError>>),
    /// Answer with the state once it has ended.
    AwaitEnd(Reply<Result<Arc<Instance>, ReadError>>),
    /// Send every record committed from now on; answer with the last seq before them.
    Watch {
        /// Where records go; closed when they come faster than they are taken.
        records: mpsc::Sender<Published>,
        /// The last seq that does not come this way.
        reply: Reply<Result<u64, ReadError>>,
    },
    /// Delete the instance for good.
    Delete(Deletion),
    /// Answer how it stands while it waits for its turn.
    Queue(Reply<Option<Queue>>),
    /// Answer with the state, for a call that is to be made.
    Call(Reply<Option<Arc<Instance>>>),
    /// Answer with those of these timers that should be in memory, and are not.
    Timers {
        /// Timers that are set.
        timers: Vec<TimerKey>,
        /// Those that are not known.
        reply: Reply<Vec<TimerKey>>,
    },
}

impl Work {
    /// A command of the engine's own.
    pub(crate) fn own(command: Command, cause: &'static str) -> Self {
        Self::Command {
            command,
            command_id: Id::default(),
            actor: String::new(),
            cause: Cow::Borrowed(cause),
            reply: None,
            letters: Vec::new(),
        }
    }

    /// Whether it may be turned away when too much waits.
    pub(super) fn is_refusable(&self) -> bool {
        match self {
            Self::Read(_)
            | Self::AwaitEnd(_)
            | Self::Watch { .. }
            | Self::Queue(_)
            | Self::Timers { .. } => true,
            Self::Command { reply, .. } => reply.is_some(),
            Self::Delete(_) => true,
            Self::Message(_) | Self::StartAgain(_) | Self::AwaitStart(_) | Self::Call(_) => false,
        }
    }

    /// Answers that it cannot be done.
    pub(super) fn refuse(self, id: Id, error: CommandError) {
        match self {
            Self::Command {
                reply: Some(reply), ..
            } => drop(reply.send(Err(error))),
            Self::Read(reply) | Self::AwaitStart(reply) | Self::AwaitEnd(reply) => {
                drop(reply.send(Err(error)));
            }
            Self::Watch { reply, .. } => drop(reply.send(Err(error))),
            Self::Delete(asked) => drop(asked.reply.send(Err(error))),
            Self::Call(reply) => drop(reply.send(None)),
            Self::Queue(reply) => drop(reply.send(None)),
            Self::Timers { reply, .. } => drop(reply.send(Vec::new())),
            Self::StartAgain(request) => {
                let reason = match error {
                    CommandError::Unavailable(reason) => reason,
                    other => Unavailable::Store(other.to_string()),
                };
                drop(request.reply.send(StartReply::Failed(reason)));
            }
            Self::Command {
                reply: None,
                command,
                ..
            } => {
                tracing::debug!(instance = %id, ?command, %error, "an internal command came to nothing");
            }
            Self::Message(message) => {
                tracing::error!(instance = %id, number = message.number, %error, "a message came to nothing");
            }
        }
    }
}
