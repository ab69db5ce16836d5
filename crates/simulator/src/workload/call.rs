//! Calls of adapters and of child workflows, and how they are undone.

use serde_json::{Value, json};

use super::expression::Sight;
use super::list::Generator;
use super::resources::ADAPTERS;

/// Retry policies: built in, and those of every workload.
const POLICIES: [&str; 7] = [
    "standard", "optional", "none", "quick", "quick", "asking", "careless",
];

impl Generator<'_> {
    pub(super) fn task(&mut self, sight: &Sight) -> Value {
        let adapter = *self.random.pick(&ADAPTERS);
        let mut step = json!({ "adapter": adapter });
        if self.random.chance(20) {
            step["action"] = json!("ask");
        }
        if adapter == "slow-office" && self.random.chance(60) {
            step["action"] = json!("order");
        }
        if self.random.chance(60) {
            step["input"] = sight.value(self.random);
        }
        if self.random.chance(60) {
            step["retry"] = self.retry();
        }
        if self.random.chance(30) {
            step["timeout"] = json!(format!("{}s", self.random.between(1, 20)));
        }
        if self.random.chance(8) && !sight.in_loop() {
            step["idempotency-key"] = json!(format!("own-{}-${{ workflow.id }}", self.next_step));
        }
        if !sight.in_finally && self.random.chance(45) {
            self.compensate(&mut step, sight);
        } else if self.random.chance(10) {
            let ttl = format!("{}s", self.random.between(1, 120));
            step["cache"] = json!({ "key": "n-${ input.n % 3 }", "ttl": ttl });
        }
        if self.random.chance(6) {
            self.gate(&mut step);
        }
        if self.random.chance(8) {
            step["concurrency"] = json!({
                "key": "${ string(input.n % 2) }",
                "limit": self.random.between(1, 3),
            });
            step["priority"] = json!(self.random.pick(&["critical", "low"]));
        }
        step
    }

    /// A person must approve the call: one or two of them, in time or not.
    fn gate(&mut self, step: &mut Value) {
        let mut ask = json!({ "always": true });
        if self.random.chance(30) {
            ask["quorum"] = json!(2);
        }
        if self.random.chance(50) {
            ask["timeout"] = json!(format!("{}s", self.random.between(1, 30)));
            let on_timeout = *self
                .random
                .pick(&["approve", "reject", "escalate", "pause"]);
            ask["on-timeout"] = json!(on_timeout);
            if on_timeout == "escalate" {
                ask["escalate-to"] = json!(["user:person-0", "user:person-1"]);
            }
            ask["reminders"] = json!(["2s", "5s"]);
        }
        if self.random.chance(30) {
            ask["notify"] = json!([{ "adapter": "steady" }]);
        }
        step["man-mode"] = ask;
        if self.random.chance(30) {
            step["isolate"] = json!(true);
        }
    }

    pub(super) fn retry(&mut self) -> Value {
        if self.random.chance(80) {
            return json!(self.random.pick(&POLICIES));
        }
        let mut retry = json!({
            "max-attempts": self.random.between(1, 4),
            "initial-interval": "200ms",
            "jitter": self.random.pick(&["full", "none"]),
            "on-exhausted": self.random.pick(&["fail", "continue", "man", "dead-letter"]),
        });
        match self.random.between(0, 5) {
            0 => retry["retry-on"] = json!(["http.*", "timeout"]),
            1 => retry["never-on"] = json!(["http.5*"]),
            2 => retry["max-elapsed"] = json!("5s"),
            _ => {}
        }
        retry
    }

    fn compensate(&mut self, step: &mut Value, sight: &Sight) {
        step["compensation"] = match self.random.between(0, 5) {
            0 => json!({ "workflow": "undoing" }),
            1 => json!({ "action": "undo", "retry": self.retry(), "timeout": "5s" }),
            2 => {
                json!({ "adapter": "steady", "action": "undo", "input": sight.value(self.random) })
            }
            3 => json!({ "adapter": "slow-office", "action": "order" }),
            _ => json!("undo"),
        };
        if self.random.chance(40) {
            step["verify"] = json!("ask");
        }
    }

    pub(super) fn child(&mut self, sight: &Sight) -> Value {
        let mut step = json!({ "workflow": self.random.pick(self.children) });
        if self.random.chance(30) {
            step["version"] = json!("^1");
        }
        if self.random.chance(20) {
            step["detach"] = json!(true);
        } else if self.random.chance(30) {
            step["retry"] = json!("quick");
        }
        if self.random.chance(25) {
            step["timeout"] = json!(format!("{}s", self.random.between(1, 40)));
        }
        if !sight.in_finally && self.random.chance(20) {
            step["compensation"] = json!({ "adapter": "steady", "action": "undo" });
        }
        // A child reads the same fields of its input as its parent.
        step["input"] = json!({ "n": "${ input.n + 1 }", "flag": "${ !input.flag }", "items": "${ input.items }" });
        step
    }
}
