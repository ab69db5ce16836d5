//! The one thing that a step does.

use serde_json::Value;

use super::context::Lowering;
use super::outline::Role;
use crate::diagnostic::{At, codes};
use crate::language::{ACTIONS, STEP};
use crate::source::Node;
use crate::workflow::{Action, SIGNAL_NAME, StepIx, Wait, is_signal_name};
use expression::{NoVariables, Program, Scope, Template};

/// Actions that have a list under `steps`.
const LOOPS: [&str; 2] = ["for-each", "repeat"];

impl Lowering<'_> {
    pub(super) fn action(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let given: Vec<&str> = ACTIONS
            .into_iter()
            .filter(|action| node.has(action))
            .collect();
        match given.as_slice() {
            [] if node.has("steps") => self.body(step, node).map(Action::Group),
            [] => self.refuse_count(node, "this step does nothing", None),
            [action] => self
                .check_body(node, action)
                .and_then(|()| self.one_action(step, node, action)),
            [_, second, ..] => {
                let message = format!(
                    "a step does one thing, but this one has {}",
                    quoted_list(&given)
                );
                self.refuse_count(node, &message, Some(second))
            }
        }
    }

    fn one_action(&mut self, step: StepIx, node: &Node, action: &str) -> Option<Action> {
        let place = self.at_start(step);
        match action {
            "adapter" => self.task(step, node),
            "workflow" => self.child(step, node),
            "parallel" => self.parallel(step, node),
            "switch" => self.switch(step, node),
            "for-each" => self.for_each(step, node),
            "repeat" => self.repeat(step, node),
            "wait" => self.wait(step, node),
            "decision" => self.decision(step, node),
            "emit" => self.emit_step(step, node),
            "set" => self.template_at(node, "set", &place).map(Action::Set),
            "fail" => self.fail(step, node),
            "complete" => self.complete(step, node),
            "break" => self.break_loop(step, node),
            _ => None,
        }
    }

    fn refuse_count(&mut self, node: &Node, message: &str, key: Option<&str>) -> Option<Action> {
        let misspelt = key.is_none()
            && node
                .entries()
                .iter()
                .any(|entry| STEP.key(&entry.key).is_none());
        if node.is_broken() || node.entries().is_empty() || misspelt {
            return None;
        }
        let entry = key
            .and_then(|key| node.entry(key))
            .or_else(|| node.entry("id"));
        let at = entry.map_or_else(|| At::node(node), At::key);
        let found = self.report.error(&codes::ACTION_COUNT, &at, message);
        found.hint(format!(
            "expected one of {}, or only `steps`",
            quoted_list(&ACTIONS)
        ));
        None
    }

    fn check_body(&mut self, node: &Node, action: &str) -> Option<()> {
        if let Some(steps) = node.entry("steps").filter(|_| !LOOPS.contains(&action)) {
            let message = format!(
                "`steps` stands beside `for-each` or `repeat` or alone, not beside `{action}`"
            );
            self.report
                .error(&codes::MISPLACED, &At::key(steps), message);
            return None;
        }
        Some(())
    }

    fn wait(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let place = self.at_start(step);
        let given = node.get("wait")?;
        let ways: Vec<&str> = ["for", "at", "signal", "event"]
            .into_iter()
            .filter(|way| given.has(way))
            .collect();
        if ways.len() != 1 && !given.is_broken() {
            let at = node.entry("wait").map(At::key).unwrap_or_default();
            self.report.error(
                &codes::ACTION_COUNT,
                &at,
                "expected exactly one of `for`, `at`, `signal` or `event` in a wait",
            );
        }
        match ways.first() {
            Some(&"for") => self
                .duration_at(given, "for", &place)
                .map(|time| Action::Wait(Wait::For(time))),
            Some(&"at") if self.refuses_time(given) => None,
            Some(&"at") => self
                .template_at(given, "at", &place)
                .map(|time| Action::Wait(Wait::At(time))),
            Some(&"signal") if self.refuses_signal(given) => None,
            Some(&"signal") => Some(Action::Wait(Wait::Signal {
                name: self.template_at(given, "signal", &place)?,
                timeout: self.duration_at(given, "timeout", &place),
                continue_on_timeout: given.text_at("on-timeout") == Some("continue"),
            })),
            Some(&"event") => self.event_wait(step, given),
            _ => None,
        }
    }

    /// Reports a constant name that no signal can have.
    fn refuses_signal(&mut self, wait: &Node) -> bool {
        let given = wait.get("signal");
        let constant = given.filter(|name| name.text().is_some_and(|text| !text.contains("${")));
        let Some(given) = constant else { return false };
        let well = is_signal_name(given.text().unwrap_or_default());
        if !well {
            let message = format!("expected {SIGNAL_NAME}, but found {}", given.to_json());
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
        }
        !well
    }

    /// Reports a constant `at` that is no time.
    fn refuses_time(&mut self, wait: &Node) -> bool {
        let Some(given) = wait
            .get("at")
            .filter(|at| at.text().is_none_or(|text| !text.contains("${")))
        else {
            return false;
        };
        let text = given.to_json();
        let time = Program::compile(&format!("timestamp({text})"), &Scope::new());
        let well = time.is_ok_and(|time| time.evaluate_timestamp_ms(&NoVariables, 0).is_ok());
        if !well {
            let message =
                format!("expected a time such as \"2030-01-31T08:00:00Z\", but found {text}");
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
        }
        !well
    }

    fn fail(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let place = self.at_start(step);
        let given = node.get("fail")?;
        let error_type = self.template_at(given, "type", &place);
        let message = match given.get("message") {
            Some(message) => self.template(message, &place),
            None => Template::compile(&Value::String(String::new()), &place.scope).ok(),
        };
        Some(Action::Fail {
            error_type: error_type?,
            message: message?,
        })
    }

    fn complete(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let lists = self.outline.lists_outwards(self.outline.step(step).list);
        if lists
            .last()
            .is_some_and(|list| self.outline.list(list).role == Role::Finally)
        {
            let at = node.entry("complete").map(At::key).unwrap_or_default();
            self.report.error(
                &codes::OUTSIDE_LOOP,
                &at,
                "the instance has already ended when `finally` runs",
            );
            return None;
        }
        let place = self.at_start(step);
        self.template_at(node, "complete", &place)
            .map(Action::Complete)
    }

    fn break_loop(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let mut lists = self.outline.lists_outwards(self.outline.step(step).list);
        if !lists.any(|list| self.outline.list(list).role == Role::Loop) {
            let at = node.entry("break").map(At::key).unwrap_or_default();
            self.report.error(
                &codes::OUTSIDE_LOOP,
                &at,
                "`break` stands outside of any loop",
            );
            return None;
        }
        let place = self.at_start(step);
        self.template_at(node, "break", &place).map(Action::Break)
    }
}

fn quoted_list(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
