//! Lists of steps: what each does, in which order, and what follows its failure.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::expression::Sight;
use crate::random::Random;

/// Names of signals; the last ones are computed as well.
pub(crate) const SIGNALS: [&str; 4] = ["go", "paid", "sig-0", "sig-1"];

/// Types of events, and by what they are found; the last one is computed as well.
const EVENTS: [&str; 2] = ["ping", "pong"];
const EVENT_KEYS: [&str; 3] = ["key-0", "key-1", "key-${ input.n % 2 }"];

/// No block stands deeper.
const DEPTH: usize = 4;

/// Writes the steps of one workflow.
pub(super) struct Generator<'a> {
    pub(super) random: &'a mut Random,
    /// Workflows that may be started as children.
    pub(super) children: &'a [String],
    /// Steps that may still be written; a list has one step in any case.
    pub(super) budget: usize,
    /// The number of the last step.
    pub(super) next_step: usize,
}

impl Generator<'_> {
    /// A list of steps that stands `depth` blocks deep.
    pub(super) fn list(&mut self, sight: &Sight, depth: usize) -> Value {
        let wanted = if depth == 0 {
            self.random.count(2, 6)
        } else {
            self.random.count(1, 3)
        };
        let mut order = Order {
            dag: self.random.chance(25),
            ..Order::default()
        };
        let mut steps = Vec::new();
        while steps.is_empty() || (steps.len() < wanted && self.budget > 0) {
            self.budget = self.budget.saturating_sub(1);
            self.next_step += 1;
            let id = format!("s{}", self.next_step);
            let needs = order.place(self.random, &id);
            let mut sight = sight.clone();
            sight.steps.extend(order.ended_before(&id));
            let mut step = self.step(&sight, &id, depth);
            if let Some(needs) = needs {
                step["needs"] = json!(needs);
            }
            steps.push(step);
        }
        Value::Array(steps)
    }

    fn step(&mut self, sight: &Sight, id: &str, depth: usize) -> Value {
        let mut step = self.action(sight, depth);
        let object = step.as_object().is_some_and(|step| {
            ["adapter", "workflow"]
                .iter()
                .any(|call| step.contains_key(*call))
        });
        step["id"] = json!(id);
        if self.random.chance(15) {
            step["when"] = json!(sight.condition(self.random));
        }
        let waits = ["wait", "set", "emit"]
            .iter()
            .any(|action| step.get(*action).is_some());
        let jumps = ["fail", "break", "complete"]
            .iter()
            .any(|jump| step.get(*jump).is_some());
        if !object && !waits && !jumps && self.random.chance(15) {
            step["timeout"] = sight.span(self.random);
        }
        match self.random.between(0, 9) {
            0 => step["on-error"] = json!("continue"),
            1 => step["on-error"] = json!("man"),
            2 | 3 if depth < DEPTH => step["catch"] = self.catches(sight, id, depth),
            _ => {}
        }
        step
    }

    fn catches(&mut self, sight: &Sight, id: &str, depth: usize) -> Value {
        let mut inner = sight.clone();
        inner.in_catch = true;
        inner.steps.push(id.to_owned());
        let pattern = *self
            .random
            .pick(&["*", "http.*", "timeout", "wait.timeout", "broken"]);
        json!([{ "error": pattern, "steps": self.list(&inner, depth + 1) }])
    }

    fn action(&mut self, sight: &Sight, depth: usize) -> Value {
        let blocks = depth < DEPTH && self.budget > 0;
        let block = u64::from(blocks);
        let child = if self.children.is_empty() { 0 } else { 6 };
        let jump = u64::from(sight.in_loop());
        let complete = u64::from(!sight.in_finally);
        let weights = [
            40,
            child,
            5 * block,
            10 * block,
            7 * block,
            9 * block,
            6 * block,
            8,
            5,
            3,
            complete,
            4 * jump,
            4,
        ];
        match self.random.weighted(&weights) {
            0 => self.task(sight),
            1 => self.child(sight),
            2 => self.group(sight, depth + 1),
            3 => self.parallel(sight, depth + 1),
            4 => self.switch(sight, depth + 1),
            5 => self.for_each(sight, depth + 1),
            6 => self.repeat(sight, depth + 1),
            7 => self.wait(sight),
            8 => json!({ "set": { "value": sight.value(self.random) } }),
            9 => json!({ "fail": { "type": "broken", "message": "on purpose, ${ input.n }" } }),
            10 => json!({ "complete": sight.value(self.random) }),
            11 => json!({ "break": sight.value(self.random) }),
            _ => self.emit(sight),
        }
    }

    fn wait(&mut self, sight: &Sight) -> Value {
        if self.random.chance(15) {
            let at = self
                .random
                .pick(&["2026-01-01T00:00:30Z", "2020-01-01T00:00:00Z"]);
            return json!({ "wait": { "at": at } });
        }
        if self.random.chance(50) {
            return self.signal_wait(sight);
        }
        if self.random.chance(50) {
            return self.event_wait(sight);
        }
        json!({ "wait": { "for": sight.span(self.random) } })
    }

    fn emit(&mut self, sight: &Sight) -> Value {
        let mut emit = json!({ "type": self.random.pick(&EVENTS) });
        if self.random.chance(80) {
            emit["subject"] = json!(self.random.pick(&EVENT_KEYS));
        }
        if self.random.chance(60) {
            emit["data"] = sight.value(self.random);
        }
        json!({ "emit": emit })
    }

    /// Nobody is sure to publish one, so it has an end.
    fn event_wait(&mut self, sight: &Sight) -> Value {
        let mut event = json!({ "type": self.random.pick(&EVENTS) });
        if self.random.chance(80) {
            event["key"] = json!(self.random.pick(&EVENT_KEYS));
        }
        if self.random.chance(20) {
            event["when"] = json!("meta.hops < 3 && trigger.event != event");
        }
        let mut wait = json!({ "event": event, "timeout": sight.span(self.random) });
        if self.random.chance(70) {
            wait["on-timeout"] = json!("continue");
        }
        json!({ "wait": wait })
    }

    fn signal_wait(&mut self, sight: &Sight) -> Value {
        let name = *self.random.pick(&SIGNALS);
        let computed = self.random.chance(15);
        let name = if computed {
            "sig-${ input.n % 2 }"
        } else {
            name
        };
        let mut wait = json!({ "signal": name });
        if self.random.chance(60) {
            wait["timeout"] = sight.span(self.random);
            if self.random.chance(50) {
                wait["on-timeout"] = json!("continue");
            }
        }
        json!({ "wait": wait })
    }
}

/// Which step of a list waits for which.
#[derive(Default)]
struct Order {
    dag: bool,
    /// Each step and all that have ended before it starts.
    before: Vec<(String, BTreeSet<String>)>,
}

impl Order {
    /// Places a step behind the others; answers its `needs`, where it has any.
    fn place(&mut self, random: &mut Random, id: &str) -> Option<Vec<String>> {
        let needs: Option<Vec<String>> = (self.dag && random.chance(70)).then(|| {
            let others = self.before.iter().map(|(other, _)| other.clone());
            others.filter(|_| random.chance(40)).collect()
        });
        let direct = needs.clone().unwrap_or_else(|| {
            self.before
                .last()
                .map(|(last, _)| last.clone())
                .into_iter()
                .collect()
        });
        let mut ended = BTreeSet::new();
        for need in direct {
            let above = self.before.iter().find(|(other, _)| *other == need);
            ended.extend(
                above
                    .into_iter()
                    .flat_map(|(_, above)| above.iter().cloned()),
            );
            ended.insert(need);
        }
        self.before.push((id.to_owned(), ended));
        needs
    }

    fn ended_before(&self, id: &str) -> impl Iterator<Item = String> {
        let place = self.before.iter().find(|(other, _)| other == id);
        place
            .into_iter()
            .flat_map(|(_, ended)| ended.iter().cloned())
    }
}
