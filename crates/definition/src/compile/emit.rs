//! Events that a workflow publishes, and those that it waits for.

use super::context::Lowering;
use super::expressions::Place;
use super::visibility::Moment;
use crate::diagnostic::{At, codes};
use crate::event::{AwaitedEvent, Deadline, Emit, MAX_DEADLINES};
use crate::source::Node;
use crate::workflow::{Action, StepIx, Wait};

impl Lowering<'_> {
    pub(super) fn emit_step(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let place = self.at_start(step);
        self.emit(node.get("emit")?, &place).map(Action::Emit)
    }

    fn emit(&mut self, node: &Node, place: &Place) -> Option<Emit> {
        let event_type = self.type_name(node);
        let data = self.template_at(node, "data", place);
        let subject = self.template_at(node, "subject", place);
        Some(Emit {
            event_type: event_type?,
            data,
            subject,
        })
    }

    pub(super) fn deadlines(&mut self, workflow: &Node) -> Vec<Deadline> {
        let Some(given) = workflow.get("deadlines") else {
            return Vec::new();
        };
        let place = self.header();
        let deadlines: Vec<_> = given
            .items()
            .iter()
            .map(|deadline| {
                let after = self.duration_at(deadline, "after", &place);
                let emit = deadline
                    .get("emit")
                    .and_then(|emit| self.emit(emit, &place));
                Some(Deadline {
                    after: after?,
                    emit: emit?,
                })
            })
            .collect();
        if deadlines.len() > MAX_DEADLINES {
            let message = format!(
                "expected at most {MAX_DEADLINES} deadlines, but found {}",
                deadlines.len()
            );
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
        }
        deadlines.into_iter().flatten().collect()
    }

    /// `wait` with an `event`.
    pub(super) fn event_wait(&mut self, step: StepIx, wait: &Node) -> Option<Action> {
        let place = self.at_start(step);
        let given = wait.get("event")?;
        // The candidate stands where the event that started the instance does elsewhere.
        let list = self.outline.step(step).list;
        let of_candidate = self.place(list, Moment::Start(step), &["trigger"]);
        let event_type = self.type_name(given);
        let key = self.template_at(given, "key", &place);
        let when = self.condition_at(given, "when", &of_candidate);
        let timeout = self.duration_at(wait, "timeout", &place);
        Some(Action::Wait(Wait::Event(Box::new(AwaitedEvent {
            event_type: event_type?,
            key,
            when,
            timeout,
            continue_on_timeout: wait.text_at("on-timeout") == Some("continue"),
        }))))
    }
}
