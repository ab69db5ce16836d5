//! The payloads that records carry.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::payload::{BlobRef, Payload};
use crate::record::{
    Body, EventOffered, MessageBody, MessageSent, Record, Rewritten, SlotBody, StartMessage,
    StepsTaken,
};

/// Payloads of these records that are kept as blobs, with their bytes, each once.
pub fn blobs_of(records: &[Record]) -> Vec<(BlobRef, Bytes)> {
    let bodies = records.iter().filter_map(|record| record.body.as_ref());
    let payloads = bodies.flat_map(payloads_of);
    let mut blobs: Vec<(BlobRef, Bytes)> = payloads
        .filter_map(Payload::blob)
        .filter_map(|(blob, bytes)| bytes.map(|bytes| (blob, bytes)))
        .collect();
    blobs.sort_by_key(|(blob, _)| blob.hash);
    blobs.dedup_by_key(|(blob, _)| blob.hash);
    blobs
}

/// Hashes of the blobs that records name, also where their bytes are not at hand.
pub fn blobs_named<'a>(records: impl Iterator<Item = &'a Record>) -> BTreeSet<[u8; 32]> {
    let bodies = records.filter_map(|record| record.body.as_ref());
    bodies
        .flat_map(payloads_of)
        .filter_map(Payload::hash)
        .collect()
}

/// Every payload that a fact of a slot carries.
pub fn payloads_of_fact(fact: &SlotBody) -> impl Iterator<Item = &Payload> {
    let taken = taken_by_message(fact).into_iter();
    let taken = taken.flat_map(|taken| &taken.steps);
    let taken = taken.filter_map(|step| step.output.as_ref());
    slot_payloads(fact).into_iter().flatten().chain(taken)
}

/// Every payload that a record carries.
pub fn payloads_of(body: &Body) -> impl Iterator<Item = &Payload> {
    let found: [Option<&Payload>; 4] = match body {
        Body::ApprovalRequested(body) | Body::UndoHeldBack(body) => [
            body.ask.show.as_ref(),
            body.ask.form.as_ref(),
            body.ask.data.as_ref(),
            body.ask.input.as_ref(),
        ],
        Body::DecisionAnswered(body) => [body.data.as_ref(), None, None, None],
        Body::DecisionResolved(body) => [body.answer.data.as_ref(), body.data.as_ref(), None, None],
        Body::NoticeScheduled(body) => [body.input.as_ref(), None, None, None],
        Body::InstanceStarted(body) => [
            body.input.as_ref(),
            body.event.as_ref(),
            body.meta.as_ref(),
            None,
        ],
        Body::StepScheduled(body) => [body.input.as_ref(), None, None, None],
        Body::StepStarted(body) => [body.payload.as_ref(), None, None, None],
        Body::LanesOpened(body) => [body.state.as_ref(), None, None, None],
        Body::StepCompleted(body) | Body::CatchCompleted(body) => {
            [body.output.as_ref(), None, None, None]
        }
        Body::StepFailed(body) => [body.output.as_ref(), None, None, None],
        Body::LaneClosing(body) => [body.output.as_ref(), None, None, None],
        Body::LaneEnded(body) => [body.output.as_ref(), None, None, None],
        Body::UndoScheduled(body) => [body.input.as_ref(), None, None, None],
        Body::UndoEnded(body) => [body.output.as_ref(), None, None, None],
        Body::FinallyStarted(body) => [body.output.as_ref(), None, None, None],
        Body::InstanceEnded(body) => [body.output.as_ref(), None, None, None],
        Body::RoundDelayed(body) => [body.state.as_ref(), None, None, None],
        Body::SignalReceived(body) => [body.data.as_ref(), None, None, None],
        Body::DeadLettered(body) => [body.input.as_ref(), None, None, None],
        _ => [None; 4],
    };
    let (taken, fact) = match body {
        Body::StepsTaken(taken) => (Some(taken), None),
        Body::Slot(fact) => (None, fact.body.as_ref()),
        _ => (None, None),
    };
    let rewritten = rewritten_in(body).into_iter();
    let taken = taken.into_iter().flat_map(|taken| &taken.steps);
    let taken = taken.filter_map(|step| step.output.as_ref());
    let carried = rewritten.flat_map(Rewritten::payloads).chain(taken);
    let of_fact = fact.into_iter().flat_map(payloads_of_fact);
    found.into_iter().flatten().chain(carried).chain(of_fact)
}

/// The state that a record of an act on the past carries.
fn rewritten_in(body: &Body) -> Option<&Rewritten> {
    match body {
        Body::InstanceRetried(body)
        | Body::RestoreRequested(body)
        | Body::InstanceRestored(body)
        | Body::InstanceMigrated(body) => Some(body),
        _ => None,
    }
}

/// The steps that the message of a start takes from another instance.
fn taken_by_message(fact: &SlotBody) -> Option<&StepsTaken> {
    match fact {
        SlotBody::MessageSent(sent) => match sent.message.as_ref()?.body.as_ref()? {
            MessageBody::Start(start) => start.taken.as_deref(),
            _ => None,
        },
        _ => None,
    }
}

fn slot_payloads(fact: &SlotBody) -> [Option<&Payload>; 4] {
    match fact {
        SlotBody::MessageSent(sent) => message_payloads(sent),
        SlotBody::EventTaken(event) => [event.meta.as_ref(), event.data.as_ref(), None, None],
        SlotBody::EventOffered(event) => offered_payloads(event),
        SlotBody::EventRefused(refused) => {
            refused.start.as_deref().map_or([None; 4], start_payloads)
        }
        SlotBody::WindowTook(took) => {
            let start = took.offered.start.as_deref();
            start.map_or([None; 4], start_payloads)
        }
        _ => [None; 4],
    }
}

/// Every payload that a start carries.
pub fn payloads_of_start(start: &StartMessage) -> impl Iterator<Item = &Payload> {
    let taken = start.taken.iter().flat_map(|taken| &taken.steps);
    let taken = taken.filter_map(|step| step.output.as_ref());
    start_payloads(start).into_iter().flatten().chain(taken)
}

fn start_payloads(start: &StartMessage) -> [Option<&Payload>; 4] {
    [
        start.input.as_ref(),
        start.event.as_ref(),
        start.meta.as_ref(),
        None,
    ]
}

fn offered_payloads(event: &EventOffered) -> [Option<&Payload>; 4] {
    [event.meta.as_ref(), event.data.as_ref(), None, None]
}

fn message_payloads(sent: &MessageSent) -> [Option<&Payload>; 4] {
    match sent
        .message
        .as_ref()
        .and_then(|message| message.body.as_ref())
    {
        Some(MessageBody::Start(start)) => start_payloads(start),
        Some(MessageBody::WindowOffered(offered)) => {
            let start = offered.start.as_deref();
            start.map_or([None; 4], start_payloads)
        }
        Some(MessageBody::Emit(event)) => [event.meta.as_ref(), event.data.as_ref(), None, None],
        Some(MessageBody::EventOffered(event)) => offered_payloads(event),
        Some(MessageBody::EventCame(came)) => offered_payloads(&came.event),
        Some(MessageBody::ChildEnded(ended) | MessageBody::ChildCompensated(ended)) => {
            [ended.output.as_ref(), None, None, None]
        }
        Some(
            MessageBody::CancelChild(_)
            | MessageBody::CompensateChild(_)
            | MessageBody::StartRefused(_)
            | MessageBody::WaitPlaced(_)
            | MessageBody::WaitWithdrawn(_)
            | MessageBody::WaitRefused(_),
        )
        | None => [None; 4],
    }
}
