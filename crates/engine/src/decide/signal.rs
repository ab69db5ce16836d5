//! Signals: taken by the step that waits for them, kept where none does yet.

use definition::{Duration, SIGNAL_NAME, Step, is_signal_name};
use expression::Template;

use super::Decider;
use crate::command::{Refusal, Signal, TimerKind};
use crate::record::{Body, Failure, SignalAwaited, SignalReceived, SignalTaken, StepRef};
use crate::state::{MAX_KEPT_SIGNAL_BYTES, MAX_KEPT_SIGNALS, StepStatus};

impl Decider<'_, '_> {
    /// A signal comes: the step that has waited longest takes it, else it is kept.
    pub(super) fn signal(&mut self, signal: Signal) -> Result<(), Refusal> {
        self.check_signal(&signal)?;
        let Signal { name, data, key } = signal;
        let key = key.unwrap_or_default();
        self.emit(Body::SignalReceived(SignalReceived {
            name: name.clone(),
            data: Some(data),
            key: key.key,
            digest: key.digest,
        }));
        if let Some(at) = self.waits_for_signal(&name) {
            self.take_signal(at, &name);
            self.queue_ancestors(at.lane);
        }
        Ok(())
    }

    fn check_signal(&self, signal: &Signal) -> Result<(), Refusal> {
        let signals = self.state.progress.signals.as_deref();
        let seen = signals.map_or(&[][..], |signals| signals.seen.as_slice());
        let key = signal.key.as_ref();
        let before = key.and_then(|key| seen.iter().find(|one| one.key == key.key));
        if let (Some(key), Some(before)) = (key, before) {
            return Err(if key.digest == before.digest {
                Refusal::SignalRepeated
            } else {
                Refusal::KeyReused
            });
        }
        self.expect_open()?;
        if !is_signal_name(&signal.name) {
            let told = format!("expected {SIGNAL_NAME}, but got {:?}", signal.name);
            return Err(Refusal::Data(told.into()));
        }
        let (kept, bytes) =
            signals.map_or((0, 0), |signals| (signals.kept.len(), signals.kept_bytes()));
        let too_large = kept > 0 && bytes + signal.data.bytes().len() > MAX_KEPT_SIGNAL_BYTES;
        let full = kept >= MAX_KEPT_SIGNALS || too_large;
        if full && self.waits_for_signal(&signal.name).is_none() {
            return Err(Refusal::TooManySignals { kept, bytes });
        }
        Ok(())
    }

    /// The step that has waited longest for a signal of this name.
    fn waits_for_signal(&self, name: &str) -> Option<StepRef> {
        let waits = self.state.signal_waits().iter();
        let mut named = waits.filter(|wait| wait.name == name).map(|wait| wait.at);
        named.find(|at| {
            self.step_state(*at).status() == StepStatus::Waiting && !self.is_doomed(at.lane)
        })
    }

    /// The step takes the oldest signal of this name that is kept; false when there is none.
    fn take_signal(&mut self, at: StepRef, name: &str) -> bool {
        let mut kept = self.state.kept_signals().iter();
        let Some(oldest) = kept.find(|signal| signal.name == name) else {
            return false;
        };
        let (received, data) = (oldest.received, oldest.data.clone());
        let name = name.to_owned();
        self.emit(Body::SignalTaken(SignalTaken { at, name, received }));
        self.complete_step(at, data, Vec::new());
        true
    }

    /// A step begins to wait for a signal, which may have come already.
    pub(super) fn begin_signal_wait(
        &mut self,
        at: StepRef,
        step: &Step,
        name: &Template,
        timeout: Option<&Duration>,
    ) -> Result<(), Failure> {
        let name = self.text(name, at.lane, "wait.signal")?;
        if !is_signal_name(&name) {
            return Err(Failure {
                error_type: "expression".into(),
                message: format!("wait.signal: expected {SIGNAL_NAME}, but got {name:?}"),
                ..Failure::default()
            });
        }
        if self.take_signal(at, &name) {
            return Ok(());
        }
        let (until, timeout_at) = self.wait_ends(at, step, timeout)?;
        self.emit(Body::SignalAwaited(SignalAwaited {
            at,
            name,
            until,
            timeout_at,
        }));
        self.set_wait_timers(at, until, timeout_at);
        Ok(())
    }

    /// When a wait is given up, and when its step times out; 0 means never.
    pub(super) fn wait_ends(
        &mut self,
        at: StepRef,
        step: &Step,
        timeout: Option<&Duration>,
    ) -> Result<(i64, i64), Failure> {
        let until = match timeout {
            Some(timeout) => {
                let ms = self.duration_ms(timeout, at.lane, "wait.timeout")?;
                self.now().saturating_add_unsigned(ms)
            }
            None => 0,
        };
        Ok((until, self.timeout_at(at, step)?))
    }

    pub(super) fn set_wait_timers(&mut self, at: StepRef, until: i64, timeout_at: i64) {
        if until > 0 {
            self.set_timer(until, TimerKind::Wait, at);
        }
        if timeout_at > 0 {
            self.set_timer(timeout_at, TimerKind::StepTimeout, at);
        }
    }

    /// No signal came in time.
    pub(super) fn signal_wait_expired(&mut self, at: StepRef, goes_on: bool) {
        let name = self.state.signal_awaited_at(at).unwrap_or_default();
        let told = format!("no signal {name} came in time");
        self.wait_expired(at, goes_on, told);
    }

    /// What a step waited for did not come in time.
    pub(super) fn wait_expired(&mut self, at: StepRef, goes_on: bool, message: String) {
        if goes_on {
            self.emit(Body::WaitExpired(at));
            return self.complete_step(at, None, Vec::new());
        }
        let error_type = "wait.timeout".into();
        let error = Failure {
            error_type,
            message,
            ..Failure::default()
        };
        self.fail_step(at, error);
    }
}
