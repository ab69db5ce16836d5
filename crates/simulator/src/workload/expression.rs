//! Expressions that may stand at a place.

use serde_json::{Value, json};

use crate::random::Random;

/// What an expression may name where it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    /// Steps that have ended by then.
    pub(super) steps: Vec<String>,
    /// Item names of the loops around it.
    pub(super) items: Vec<String>,
    /// Whether a `repeat` is around it.
    pub(super) in_round: bool,
    /// Whether a `catch` is around it.
    pub(super) in_catch: bool,
    /// Whether `finally` is around it.
    pub(super) in_finally: bool,
}

impl Sight {
    /// Whether `break` has a loop to end.
    pub(super) fn in_loop(&self) -> bool {
        self.in_round || !self.items.is_empty()
    }

    /// A bare condition.
    pub(super) fn condition(&self, random: &mut Random) -> String {
        let step = self.steps.last().filter(|_| random.chance(40));
        if let Some(step) = step {
            let status = random.pick(&["completed", "skipped", "failed"]);
            return format!("steps.{step}.status == '{status}'");
        }
        if self.in_round && random.chance(40) {
            return "iteration % 2 == 1".to_owned();
        }
        if !self.items.is_empty() && random.chance(40) {
            return "index % 3 != 1".to_owned();
        }
        // The last one fails: a missing field in a step is an error.
        let plain = [
            "input.n > 2",
            "input.n % 2 == 0",
            "input.flag",
            "true",
            "input.n < 100",
        ];
        match random.chance(2) {
            true => "input.absent.deep == 1".to_owned(),
            false => (*random.pick(&plain)).to_owned(),
        }
    }

    /// A value that holds expressions.
    pub(super) fn value(&self, random: &mut Random) -> Value {
        match (random.between(0, 5), self.steps.last(), self.items.last()) {
            (0, Some(step), _) => json!({ "from": format!("${{ steps.{step}.output }}") }),
            (1, Some(step), _) => json!(format!("{step} is ${{ steps.{step}.status }}")),
            (2, _, Some(item)) => {
                json!({ "item": format!("${{ {item} }}"), "index": "${ index }" })
            }
            (3, ..) if self.in_round => json!({ "state": "${ state }" }),
            (3, ..) if self.in_catch => json!({ "error": "${ error.type }" }),
            (4, ..) => json!({ "n": "${ input.n + 1 }", "id": "${ workflow.id }" }),
            _ => json!({ "n": "${ input.n * 2 }", "flag": true }),
        }
    }

    /// A list to go over: mostly short, seldom longer than one decision can open and close.
    pub(super) fn items(&self, random: &mut Random, long: bool) -> Value {
        if long {
            return json!(format!("${{ range({}) }}", random.between(90, 140)));
        }
        match random.between(0, 4) {
            0 => json!("${ input.items }"),
            1 => json!([]),
            2 => json!(["a", "${ input.n }", { "c": true }]),
            // Not a list: the step fails.
            3 if random.chance(10) => json!("${ input.n }"),
            _ => json!(format!("${{ range({}) }}", random.between(1, 6))),
        }
    }

    /// A short span of time.
    pub(super) fn span(&self, random: &mut Random) -> Value {
        match random.between(0, 9) {
            0 => json!("${ string(input.n) + 's' }"),
            1 => json!("0s"),
            _ => json!(format!("{}ms", random.between(1, 60) * 250)),
        }
    }
}
