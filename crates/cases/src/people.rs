//! What people and other systems do to the instance, when their time has come.

use definition::{TestCase, TestDecision, TestEvent, TestSignal};
use engine::record::Choice;
use engine::{Answer, Authority, Command, Id, Instance, Payload, PendingDecision, Signal};

/// What a case brings and has not brought yet.
pub(crate) struct Coming<'a> {
    signals: Vec<&'a TestSignal>,
    events: Vec<&'a TestEvent>,
    decisions: Vec<&'a TestDecision>,
}

/// One of them, as a command and by whom.
pub(crate) struct Act {
    /// What is done.
    pub(crate) command: Command,
    /// Who does it.
    pub(crate) by: String,
    /// In words.
    pub(crate) what: String,
}

/// What is to be done now, or when next.
pub(crate) enum Next<'a> {
    /// An event is due.
    Event(&'a TestEvent),
    /// Something is due.
    Act(Box<Act>),
    /// Something will be due then, milliseconds since the epoch.
    At(i64),
    /// Nothing that is left fits the instance as it is.
    Nothing,
}

impl<'a> Coming<'a> {
    /// All that a case brings.
    pub(crate) fn of(case: &'a TestCase) -> Self {
        Self {
            signals: case.signals.iter().collect(),
            events: case.events.iter().collect(),
            decisions: case.decisions.iter().collect(),
        }
    }

    /// Takes what is due, if anything is.
    pub(crate) fn next(&mut self, instance: &Instance, started_at: i64, now: i64) -> Next<'a> {
        let after = |from: i64, ms: u64| from.saturating_add_unsigned(ms);
        let due = |signal: &&&TestSignal| after(started_at, signal.after_ms) <= now;
        if let Some(place) = self.signals.iter().position(|signal| due(&signal)) {
            return Next::Act(Box::new(send(self.signals.remove(place))));
        }
        let due = |event: &&TestEvent| after(started_at, event.after_ms) <= now;
        if let Some(place) = self.events.iter().position(due) {
            return Next::Event(self.events.remove(place));
        }
        let signals = self.signals.iter().map(|one| one.after_ms);
        let events = self.events.iter().map(|one| one.after_ms);
        let coming = signals.chain(events);
        let mut at = coming.map(|ms| after(started_at, ms)).min();
        for pending in instance.pending_decisions() {
            let step = instance.step_name(pending.task.at);
            let fits = |one: &&TestDecision| one.step.as_ref().is_none_or(|name| *name == step);
            let Some(place) = self.decisions.iter().position(fits) else {
                continue;
            };
            let due_at = after(pending.requested_at, self.decisions[place].after_ms);
            if due_at <= now {
                let decision = self.decisions.remove(place);
                return Next::Act(Box::new(answer(pending, &step, decision)));
            }
            at = Some(at.map_or(due_at, |at| at.min(due_at)));
        }
        at.map_or(Next::Nothing, Next::At)
    }

    /// What was never asked for, in words.
    pub(crate) fn unused(&self) -> impl Iterator<Item = String> {
        let of_step = |one: &&TestDecision| match &one.step {
            Some(step) => {
                format!("nobody was asked at the step {step}, for which the case has an answer")
            }
            None => format!("nobody was asked what the case answers with {}", one.choice),
        };
        self.decisions.iter().map(of_step)
    }
}

fn send(signal: &TestSignal) -> Act {
    Act {
        command: Command::Signal(Signal {
            name: signal.name.clone(),
            data: Payload::from_value(signal.data.clone()),
            key: None,
        }),
        by: "tester".to_owned(),
        what: format!("the signal {}", signal.name),
    }
}

fn answer(pending: &PendingDecision, step: &str, decision: &TestDecision) -> Act {
    // The language knows no other words; one that is not offered is refused with those that are.
    let choice = Choice::of_word(&decision.choice).unwrap_or(Choice::Approve);
    Act {
        command: Command::Decide {
            id: Id::from_slice(&pending.id).unwrap_or_default(),
            answer: Answer {
                comment: decision.comment.clone(),
                data: decision.data.clone().map(Payload::from_value),
                authority: Authority::Caller {
                    may_decide: true,
                    roles: decision.roles.clone(),
                },
                ..Answer::plain(choice)
            },
        },
        by: decision.by.clone(),
        what: format!("the answer {} at the step {step}", decision.choice),
    }
}
