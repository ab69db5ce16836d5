//! The payloads that records carry.

use bytes::Bytes;

use crate::payload::{BlobRef, Payload};
use crate::record::{Body, MessageBody, Record, SlotBody};

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

/// Every payload that a record carries.
pub fn payloads_of(body: &Body) -> impl Iterator<Item = &Payload> {
    let found: [Option<&Payload>; 3] = match body {
        Body::InstanceStarted(body) => {
            [body.input.as_ref(), body.event.as_ref(), body.meta.as_ref()]
        }
        Body::StepScheduled(body) => [body.input.as_ref(), None, None],
        Body::StepStarted(body) => [body.payload.as_ref(), None, None],
        Body::LanesOpened(body) => [body.state.as_ref(), None, None],
        Body::StepCompleted(body) | Body::CatchCompleted(body) => {
            [body.output.as_ref(), None, None]
        }
        Body::StepFailed(body) => [body.output.as_ref(), None, None],
        Body::LaneClosing(body) => [body.output.as_ref(), None, None],
        Body::LaneEnded(body) => [body.output.as_ref(), None, None],
        Body::UndoScheduled(body) => [body.input.as_ref(), None, None],
        Body::UndoEnded(body) => [body.output.as_ref(), None, None],
        Body::FinallyStarted(body) => [body.output.as_ref(), None, None],
        Body::InstanceEnded(body) => [body.output.as_ref(), None, None],
        Body::RoundDelayed(body) => [body.state.as_ref(), None, None],
        Body::Slot(fact) => message_payloads(fact.body.as_ref()),
        _ => [None; 3],
    };
    found.into_iter().flatten()
}

fn message_payloads(body: Option<&SlotBody>) -> [Option<&Payload>; 3] {
    let Some(SlotBody::MessageSent(sent)) = body else {
        return [None; 3];
    };
    match sent
        .message
        .as_ref()
        .and_then(|message| message.body.as_ref())
    {
        Some(MessageBody::Start(start)) => [
            start.input.as_ref(),
            start.event.as_ref(),
            start.meta.as_ref(),
        ],
        Some(MessageBody::ChildEnded(ended) | MessageBody::ChildCompensated(ended)) => {
            [ended.output.as_ref(), None, None]
        }
        Some(MessageBody::CancelChild(_) | MessageBody::CompensateChild(_)) | None => [None; 3],
    }
}
