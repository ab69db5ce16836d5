//! Signals that have come, and steps that wait for one.
//!
//! | from | record | to |
//! | --- | --- | --- |
//! | - | signal-received | kept |
//! | kept | signal-taken | gone: the step that waited has its data |
//! | - | signal-awaited | the step waits |
//! | the step waits | its end, its lane's closing, a decision about it | it waits no more |

use prost::Message;

use super::instance::Instance;
use super::step::StepStatus;
use crate::payload::Payload;
use crate::record::{SignalAwaited, SignalReceived, SignalTaken, StepRef};

/// Signals that an instance keeps until a step takes them.
pub const MAX_KEPT_SIGNALS: usize = 256;

/// Bytes of data of the signals that it keeps; a single one may be larger.
pub const MAX_KEPT_SIGNAL_BYTES: usize = 1024 * 1024;

/// Keys of signals that it remembers; the oldest is forgotten first.
const REMEMBERED_KEYS: usize = 1_000;

/// How long it remembers them, in milliseconds.
const KEY_TTL_MS: i64 = 24 * 60 * 60 * 1_000;

/// What an instance knows of signals.
#[derive(Clone, PartialEq, Message)]
pub struct Signals {
    /// Signals that no step has taken yet, oldest first.
    #[prost(message, repeated, tag = "1")]
    pub kept: Vec<KeptSignal>,
    /// Steps that wait for one, in the order in which they began.
    #[prost(message, repeated, tag = "2")]
    pub waits: Vec<SignalWait>,
    /// Keys under which signals came, oldest first.
    #[prost(message, repeated, tag = "3")]
    pub seen: Vec<SeenSignal>,
}

/// A signal that no step has taken yet.
#[derive(Clone, PartialEq, Message)]
pub struct KeptSignal {
    /// The record that it came with.
    #[prost(uint64, tag = "1")]
    pub received: u64,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Its data; none means null.
    #[prost(message, optional, tag = "3")]
    pub data: Option<Payload>,
    /// When it came, milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub at: i64,
}

/// A step that waits for a signal.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SignalWait {
    /// The step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// The signal's name.
    #[prost(string, tag = "2")]
    pub name: String,
}

/// A key under which a signal came.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SeenSignal {
    /// The key (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub key: bytes::Bytes,
    /// Of what came under it (16 bytes).
    #[prost(bytes = "bytes", tag = "2")]
    pub digest: bytes::Bytes,
    /// When it came, milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub at: i64,
}

impl Signals {
    /// Bytes of data of the signals that are kept.
    pub(crate) fn kept_bytes(&self) -> usize {
        let data = self.kept.iter().filter_map(|signal| signal.data.as_ref());
        data.map(|data| data.bytes().len()).sum()
    }
}

impl Instance {
    /// Signals that no step has taken yet, oldest first.
    pub fn kept_signals(&self) -> &[KeptSignal] {
        let signals = self.progress.signals.as_deref();
        signals.map_or(&[], |signals| signals.kept.as_slice())
    }

    /// The signal that a step waits for.
    pub fn signal_awaited_at(&self, at: StepRef) -> Option<&str> {
        let waits = self.signal_waits().iter();
        let mut here = waits.filter(|wait| wait.at == at);
        here.next().map(|wait| wait.name.as_str())
    }

    /// Steps that wait for a signal, in the order in which they began.
    pub fn signal_waits(&self) -> &[SignalWait] {
        let signals = self.progress.signals.as_deref();
        signals.map_or(&[], |signals| signals.waits.as_slice())
    }

    pub(super) fn signal_awaited(&mut self, body: &SignalAwaited, at: i64) {
        if !self.begin_wait(body.at, at, body.timeout_at, body.until) {
            return;
        }
        let waits = &mut self.progress.signals.get_or_insert_default().waits;
        waits.push(SignalWait {
            at: body.at,
            name: body.name.clone(),
        });
    }

    /// A step waits from now on; false where there is none.
    pub(super) fn begin_wait(
        &mut self,
        step: StepRef,
        now: i64,
        timeout_at: i64,
        until: i64,
    ) -> bool {
        let Some(step) = self.step_mut(step) else {
            return false;
        };
        step.started_at = now;
        step.first_attempt_at = now;
        step.timeout_at = timeout_at;
        step.due_at = until;
        step.set_status(StepStatus::Waiting);
        true
    }

    pub(super) fn signal_received(&mut self, body: &SignalReceived, seq: u64, at: i64) {
        let signals = self.progress.signals.get_or_insert_default();
        signals.kept.push(KeptSignal {
            received: seq,
            name: body.name.clone(),
            data: body.data.clone(),
            at,
        });
        if body.key.is_empty() {
            return;
        }
        let seen = &mut signals.seen;
        seen.retain(|one| one.at.saturating_add(KEY_TTL_MS) > at);
        if seen.len() >= REMEMBERED_KEYS {
            seen.remove(0);
        }
        let (key, digest) = (body.key.clone(), body.digest.clone());
        seen.push(SeenSignal { key, digest, at });
    }

    /// The data of a kept signal is that of the step's end, which follows.
    pub(super) fn signal_taken(&mut self, body: &SignalTaken) {
        if let Some(signals) = self.progress.signals.as_deref_mut() {
            signals.kept.retain(|one| one.received != body.received);
        }
    }

    pub(super) fn wait_expired(&mut self, at: StepRef) {
        if let Some(step) = self.step_mut(at) {
            step.expired = true;
        }
    }

    /// Steps for which `over` holds wait for no signal any more.
    pub(super) fn end_signal_waits(&mut self, over: impl Fn(StepRef) -> bool) {
        if let Some(signals) = self.progress.signals.as_deref_mut() {
            signals.waits.retain(|wait| !over(wait.at));
        }
    }
}
