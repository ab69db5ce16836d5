//! The one place that maps what the runtime refuses to problems.

use api::{Code, Finding};
use engine::{Id, Refusal as Engine};
use runtime::{
    CommandError, EventError, LetterRefused, OperationError, ScheduleError, StreamError,
    SubmitError, Unavailable,
};

use super::body::bad_field;
use super::refusal::Refusal;

/// When a signal may be sent again that an instance could not keep, in milliseconds.
const SIGNALS_RETRY_MS: u64 = 10_000;

/// A start that was refused.
pub fn of_submit(error: SubmitError) -> Refusal {
    match error {
        SubmitError::Refused(refusal) => of_engine(refusal),
        SubmitError::OnItsWay => Refusal::new(Code::BEHIND, error.to_string()).retry_after(2_000),
        SubmitError::Gone(_) => Refusal::new(Code::NO_INSTANCE, error.to_string()),
        SubmitError::IdempotencyConflict => Refusal::new(Code::KEY_REUSED, error.to_string()),
        SubmitError::Unavailable(outage) => of_unavailable(&outage),
    }
}

/// A command that was refused.
pub fn of_command(error: CommandError) -> Refusal {
    match error {
        CommandError::NotFound(id) => no_instance(id),
        CommandError::Refused(refusal) => of_engine(refusal),
        CommandError::Unavailable(outage) => of_unavailable(&outage),
    }
}

/// A read that was refused: a read is a command that changes nothing.
pub fn of_read(error: CommandError) -> Refusal {
    of_command(error)
}

/// Something that was not done with an operation.
pub fn of_operation(error: OperationError) -> Refusal {
    let detail = error.to_string();
    match error {
        OperationError::NotFound(_) => Refusal::new(Code::NO_OPERATION, detail),
        OperationError::Ended(_) => Refusal::new(Code::OPERATION_ENDED, detail),
        OperationError::KeyReused => Refusal::new(Code::KEY_REUSED, detail),
        OperationError::OlderNode => Refusal::new(Code::OLDER_NODE, detail),
        OperationError::Replayed(_) | OperationError::Stale => {
            Refusal::new(Code::BEHIND, detail).retry_after(2_000)
        }
        OperationError::Unavailable(outage) => of_unavailable(&outage),
    }
}

/// Something that was not done with a schedule.
pub fn of_schedule(error: ScheduleError) -> Refusal {
    let detail = error.to_string();
    match error {
        ScheduleError::NotFound(_) => Refusal::new(Code::NO_SCHEDULE, detail),
        ScheduleError::BadSpan(_) => bad_field("/from", &detail),
        ScheduleError::OlderNode => Refusal::new(Code::OLDER_NODE, detail),
        ScheduleError::Stale => Refusal::new(Code::BEHIND, detail).retry_after(2_000),
        ScheduleError::Unavailable(outage) => of_unavailable(&outage),
    }
}

/// An event that was not taken.
pub fn of_event(error: EventError) -> Refusal {
    match error {
        EventError::OlderNode => Refusal::new(Code::OLDER_NODE, error.to_string()),
        EventError::Data { .. } => Refusal::new(Code::BAD_EVENT, error.to_string()),
        EventError::Unavailable(outage) => of_unavailable(&outage),
    }
}

/// Something that was not done with a dead letter.
pub fn of_letter(error: LetterRefused) -> Refusal {
    let detail = error.to_string();
    match error {
        LetterRefused::NotFound(_) => Refusal::new(Code::NO_DEAD_LETTER, detail),
        LetterRefused::Settled(_) => Refusal::new(Code::LETTER_SETTLED, detail),
        LetterRefused::Unfit(_) => Refusal::new(Code::LETTER_UNFIT, detail),
        LetterRefused::Start(error) => of_submit(error),
        LetterRefused::Unavailable(outage) => of_unavailable(&outage),
    }
}

/// A stream that did not begin, or ended with an error.
pub fn of_stream(error: &StreamError) -> Refusal {
    match error {
        StreamError::InvalidCursor | StreamError::CursorExpired => {
            Refusal::new(Code::BAD_CURSOR, error.to_string())
        }
        StreamError::NotFound(id) => no_instance(*id),
        StreamError::Unavailable(outage) => of_unavailable(outage),
    }
}

fn no_instance(id: Id) -> Refusal {
    Refusal::new(
        Code::NO_INSTANCE,
        format!("there is no workflow instance with id {id}"),
    )
}

/// Nothing can be taken for the moment.
pub fn of_unavailable(outage: &Unavailable) -> Refusal {
    match outage {
        Unavailable::Overloaded { retry_after_ms } => {
            Refusal::new(Code::OVERLOADED, outage.to_string()).retry_after(*retry_after_ms)
        }
        Unavailable::ShuttingDown => {
            Refusal::new(Code::STOPPING, outage.to_string()).retry_after(2_000)
        }
        Unavailable::Closed => Refusal::new(Code::BEHIND, outage.to_string()).retry_after(2_000),
        Unavailable::Store(reason) => {
            tracing::error!(reason, "the store failed");
            Refusal::new(
                Code::STORE_FAILED,
                "the store failed; the server's log says why",
            )
        }
    }
}

fn of_engine(refusal: Engine) -> Refusal {
    let detail = refusal.to_string();
    match refusal {
        Engine::Ended(_) => Refusal::new(Code::ENDED, detail),
        Engine::UnknownDecision(_) => Refusal::new(Code::NO_DECISION, detail),
        Engine::AlreadyDecided(_) => Refusal::new(Code::ALREADY_DECIDED, detail),
        Engine::ChoiceNotOffered(_) => Refusal::new(Code::BAD_CHOICE, detail),
        Engine::DecisionExpired => Refusal::new(Code::DECISION_EXPIRED, detail),
        Engine::NotAnApprover { .. } => Refusal::new(Code::NOT_AN_APPROVER, detail),
        Engine::AlreadyAnswered(_) => Refusal::new(Code::ALREADY_ANSWERED, detail),
        Engine::FourEyes(_) => Refusal::new(Code::FOUR_EYES, detail),
        Engine::CommentRequired => Refusal::new(Code::COMMENT_REQUIRED, detail),
        Engine::Data(_) => Refusal::new(Code::BAD_ANSWER_DATA, detail),
        Engine::NotDelegable(_) => Refusal::new(Code::NOT_DELEGABLE, detail),
        Engine::Form(errors) => places(Code::BAD_ANSWER_DATA, detail, errors),
        Engine::UnknownStep(_) => Refusal::new(Code::NO_STEP, detail),
        Engine::Forbidden(_) => Refusal::new(Code::FORBIDDEN_BY_STATE, detail),
        Engine::OverLimit(_) => Refusal::new(Code::OVER_LIMIT, detail),
        Engine::Paused => Refusal::new(Code::PAUSED, detail),
        Engine::SignalRepeated => Refusal::new(Code::FORBIDDEN_BY_STATE, detail),
        Engine::KeyReused => Refusal::new(Code::KEY_REUSED, detail),
        Engine::TooManySignals { .. } => {
            Refusal::new(Code::SIGNALS_FULL, detail).retry_after(SIGNALS_RETRY_MS)
        }
        Engine::NoSuchRecord { .. } => Refusal::new(Code::NO_SUCH_SEQ, detail),
        Engine::Misfit { .. } => Refusal::new(Code::DOES_NOT_FIT, detail),
        Engine::Stale(_) => Refusal::new(Code::FORBIDDEN_BY_STATE, detail),
        Engine::UnknownWorkflow(_) => Refusal::new(Code::NO_DEFINITION, detail),
        Engine::Header { .. } => Refusal::new(Code::HEADER_FAILED, detail),
        Engine::Input(errors) => places(Code::BAD_INPUT, detail, errors),
    }
}

fn places(code: &'static Code, detail: String, errors: Vec<engine::InputError>) -> Refusal {
    let finding = |error: engine::InputError| Finding::at(error.pointer, error.message);
    Refusal::new(code, detail).with_all(errors.into_iter().map(finding).collect())
}
