//! What comes to a window.

use bytes::Bytes;
use definition::{MAX_WINDOW_EVENTS, Window, WindowShape};
use engine::record::{StartMessage, WindowKind, WindowOffered, WindowTerms};
use engine::{Id, Payload};

/// To which window something comes, and what that does.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) key: String,
    pub(crate) terms: WindowTerms,
}

impl Offer {
    /// To the window of this key.
    pub(crate) fn new(window: &Window, key: String) -> Self {
        Self {
            key,
            terms: terms_of(window.shape),
        }
    }

    /// Whether several events become one start, which is made when the window closes.
    pub(crate) fn gathers(&self) -> bool {
        self.terms.kind() != WindowKind::Throttle
    }

    /// What is recorded, or travels. Only a throttle gives each event its own instance.
    pub(crate) fn of_start(
        self,
        event: Option<Id>,
        instance: Id,
        start: StartMessage,
    ) -> WindowOffered {
        let bytes = |id: Id| Bytes::copy_from_slice(&id.bytes());
        let own = !self.gathers();
        WindowOffered {
            workflow: start.workflow.clone(),
            trigger: start.trigger.clone(),
            key: self.key,
            terms: self.terms,
            event: event.map_or_else(Bytes::new, bytes),
            instance: if own { bytes(instance) } else { Bytes::new() },
            start: Some(Box::new(start)),
        }
    }
}

fn terms_of(shape: WindowShape) -> WindowTerms {
    match shape {
        WindowShape::Debounce {
            quiet_ms,
            max_ms,
            keep_all,
        } => WindowTerms {
            kind: match keep_all {
                true => WindowKind::DebounceAll,
                false => WindowKind::Debounce,
            } as i32,
            quiet_ms,
            longest_ms: max_ms,
            most: if keep_all { MAX_WINDOW_EVENTS } else { 0 },
            queue: false,
        },
        WindowShape::Batch {
            max_size,
            max_wait_ms,
        } => WindowTerms {
            kind: WindowKind::Batch as i32,
            quiet_ms: 0,
            longest_ms: max_wait_ms,
            most: max_size,
            queue: false,
        },
        WindowShape::Throttle {
            limit,
            per_ms,
            queue,
        } => WindowTerms {
            kind: WindowKind::Throttle as i32,
            quiet_ms: 0,
            longest_ms: per_ms,
            most: limit,
            queue,
        },
    }
}

/// What a start weighs, in bytes: its payloads, wherever they are kept.
pub(crate) fn weight(start: &StartMessage) -> u64 {
    let payloads = [&start.input, &start.event, &start.meta];
    payloads.into_iter().flatten().map(size).sum()
}

fn size(payload: &Payload) -> u64 {
    match payload.blob() {
        Some((blob, _)) => blob.size,
        None => payload.bytes().len() as u64,
    }
}
