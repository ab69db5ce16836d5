//! One verb carried out on one instance (or letter) of an operation.

use engine::{Command, Id, RestoreOrder};

use super::action::{Action, Deed};
use super::drive::PAUSE;
use super::state::Operation;
use crate::dead_letter::LetterRefused;
use crate::error::{CommandError, ReplayError, SubmitError, Unavailable};
use crate::handle::{ReplayOrder, Runtime};
use crate::submit::Idempotency;

/// How often one that cannot be reached is tried.
const TRIES: u32 = 5;

/// What came of one.
pub(super) enum Came {
    Done,
    Refused(String),
    Failed(String),
}

/// Does what is asked with one, and tries again while it cannot be reached.
pub(super) async fn carry_out(
    runtime: &Runtime,
    operation: &Operation,
    id: Id,
    mut again: bool,
) -> Came {
    let mut tries = 0;
    loop {
        tries += 1;
        let came = match operation.asked.action.deed(operation.id, &operation.reason) {
            Deed::Command(command) => commanded(runtime, operation, id, command, again).await,
            Deed::Restore { at, compensate } => {
                match restore_order(runtime, operation, id, (at, compensate)).await {
                    Ok(order) => commanded(runtime, operation, id, order, again).await,
                    Err(error) => came(Err(error)),
                }
            }
            Deed::Delete => deleted(runtime, operation, id, again).await,
            Deed::Replay(version) => replayed(runtime, operation, id, version).await,
            Deed::Reprocess | Deed::Discard => settled(runtime, operation, id).await,
        };
        match came {
            // Whoever goes on asks again.
            Err(Unavailable::ShuttingDown) => std::future::pending().await,
            Err(error) if tries >= TRIES => return Came::Failed(error.to_string()),
            Err(_) => tokio::time::sleep(PAUSE).await,
            Ok(came) => return came,
        }
        again = true;
    }
}

async fn commanded(
    runtime: &Runtime,
    operation: &Operation,
    id: Id,
    command: Command,
    again: bool,
) -> Result<Came, Unavailable> {
    let order = crate::handle::Order {
        id,
        command,
        command_id: command_id(operation, id),
        actor: operation.actor.clone(),
        cause: format!("operation:{}", operation.id),
    };
    came(runtime.carry(order, again).await.map(drop))
}

/// The record that was an instance's last at a time stays that, however often this is asked.
async fn restore_order(
    runtime: &Runtime,
    operation: &Operation,
    id: Id,
    (at, compensate): (i64, bool),
) -> Result<Command, CommandError> {
    let order = RestoreOrder {
        to_seq: runtime.seq_at(id, at).await?,
        compensate,
        reason: operation.reason.clone(),
        target: None,
    };
    Ok(Command::Restore(Box::new(order)))
}

fn came(done: Result<(), CommandError>) -> Result<Came, Unavailable> {
    match done {
        Ok(()) => Ok(Came::Done),
        // It came before, by this operation: no other knows its key.
        Err(CommandError::Refused(engine::Refusal::SignalRepeated)) => Ok(Came::Done),
        Err(CommandError::Unavailable(outage)) => Err(outage),
        Err(error) => Ok(Came::Refused(error.to_string())),
    }
}

async fn deleted(
    runtime: &Runtime,
    operation: &Operation,
    id: Id,
    again: bool,
) -> Result<Came, Unavailable> {
    let deleted = runtime.delete(id, &operation.actor, &operation.reason);
    match deleted.await {
        Err(CommandError::NotFound(_)) if again => Ok(Came::Done),
        deleted => came(deleted),
    }
}

/// A letter that this operation has settled before is done.
async fn settled(runtime: &Runtime, operation: &Operation, id: Id) -> Result<Came, Unavailable> {
    let cause = format!("operation:{}", operation.id);
    let by = (
        operation.actor.as_str(),
        operation.reason.as_str(),
        cause.as_str(),
    );
    let done = match operation.asked.action {
        Action::Discard => runtime.discard(id, by).await,
        _ => runtime.reprocess(id, None, by).await.map(drop),
    };
    match done {
        Ok(()) => Ok(Came::Done),
        Err(LetterRefused::Settled(letter))
            if letter
                .settled
                .as_ref()
                .is_some_and(|one| one.cause == cause) =>
        {
            Ok(Came::Done)
        }
        Err(LetterRefused::Unavailable(outage)) => Err(outage),
        Err(LetterRefused::Start(SubmitError::Unavailable(outage))) => Err(outage),
        Err(error) => Ok(Came::Refused(error.to_string())),
    }
}

/// The operation's id and the instance's are the key under which it is started once.
async fn replayed(
    runtime: &Runtime,
    operation: &Operation,
    id: Id,
    version: Option<semver::Version>,
) -> Result<Came, Unavailable> {
    let key = Idempotency {
        key: format!("operation\n{}\n{id}", operation.id),
        digest: [0; 32],
    };
    let order = ReplayOrder {
        version,
        idempotency: Some(key),
        ..ReplayOrder::default()
    };
    match runtime.replay(id, order, &operation.actor).await {
        Ok(_) => Ok(Came::Done),
        Err(
            ReplayError::Submit(SubmitError::Unavailable(outage))
            | ReplayError::Read(CommandError::Unavailable(outage)),
        ) => Err(outage),
        Err(ReplayError::Submit(error @ SubmitError::OnItsWay)) => {
            Err(Unavailable::Store(error.to_string()))
        }
        Err(error) => Ok(Came::Refused(error.to_string())),
    }
}

/// The same whoever drives the operation, so that an instance knows what it took before.
fn command_id(operation: &Operation, id: Id) -> Id {
    let pair = [operation.id.bytes(), id.bytes()].concat();
    Id::named(operation.made_at, id.slot(), &pair)
}
