//! Steps that hold lists of steps.

use serde_json::{Map, Value, json};

use super::expression::Sight;
use super::list::Generator;

impl Generator<'_> {
    pub(super) fn group(&mut self, sight: &Sight, depth: usize) -> Value {
        json!({ "steps": self.list(sight, depth) })
    }

    pub(super) fn parallel(&mut self, sight: &Sight, depth: usize) -> Value {
        let branches = self.random.count(1, 4);
        let lists: Vec<Value> = (0..branches).map(|_| self.list(sight, depth)).collect();
        let mut step = if self.random.chance(50) {
            let named = ('a'..='z')
                .zip(lists)
                .map(|(name, list)| (name.to_string(), list));
            json!({ "parallel": named.collect::<Map<_, _>>() })
        } else {
            json!({ "parallel": lists })
        };
        match self.random.between(0, 4) {
            0 | 1 => step["join"] = json!("any"),
            2 => step["join"] = json!(self.random.between(1, branches as u64)),
            _ => {}
        }
        if self.random.chance(30) {
            step["failure"] = json!("collect");
        }
        if self.random.chance(25) {
            step["accept"] = json!(self.random.pick(&[
                "output != null",
                "string(branch) != 'a'",
                "input.n > 0"
            ]));
        }
        if self.random.chance(30) {
            step["losers"] = json!("keep");
        }
        step
    }

    pub(super) fn switch(&mut self, sight: &Sight, depth: usize) -> Value {
        let mut cases: Vec<Value> = (0..self.random.between(1, 2))
            .map(|_| {
                let when = sight.condition(self.random);
                json!({ "when": when, "steps": self.list(sight, depth) })
            })
            .collect();
        if self.random.chance(60) {
            cases.push(json!({ "default": self.list(sight, depth) }));
        }
        json!({ "switch": cases })
    }

    pub(super) fn for_each(&mut self, sight: &Sight, depth: usize) -> Value {
        let long = !sight.in_loop() && self.random.chance(3);
        let mut inner = sight.clone();
        let name = format!("item{}", sight.items.len());
        inner.items.push(name.clone());
        let mut step = json!({ "for-each": sight.items(self.random, long), "as": name });
        if !long && self.random.chance(12) {
            step["rate"] = json!(self.random.pick(&["1/s", "5/s", "300/s"]));
        }
        step["steps"] = if long {
            self.next_step += 1;
            json!([{ "id": format!("s{}", self.next_step), "set": { "doubled": "${ index * 2 }" } }])
        } else {
            self.list(&inner, depth)
        };
        if self.random.chance(30) {
            step["batch"] = json!(self.random.between(1, 3));
        }
        if self.random.chance(50) {
            step["concurrency"] = json!(self.random.between(1, 3));
        }
        if self.random.chance(40) {
            step["failure"] = json!("collect");
        }
        match self.random.between(0, 5) {
            0 => step["max-failures"] = json!(self.random.between(0, 2)),
            1 => step["max-failures"] = json!(format!("{}%", self.random.between(1, 60))),
            _ => {}
        }
        if self.random.chance(30) {
            step["collect"] = json!({ "index": "${ index }", "of": "${ input.n }" });
        }
        step
    }

    pub(super) fn repeat(&mut self, sight: &Sight, depth: usize) -> Value {
        let mut inner = sight.clone();
        inner.in_round = true;
        let mut repeat = json!({ "state": { "n": 0 }, "next": { "n": "${ state.n + 1 }" } });
        match self.random.between(0, 3) {
            0 => repeat["while"] = json!("state.n < 3"),
            1 => repeat["until"] = json!("state.n >= 2"),
            _ => {}
        }
        repeat["max"] = json!(self.random.between(1, 4));
        if self.random.chance(40) {
            repeat["delay"] = inner.span(self.random);
        }
        if self.random.chance(50) {
            repeat["on-max"] = json!("continue");
        }
        json!({ "repeat": repeat, "steps": self.list(&inner, depth) })
    }
}
