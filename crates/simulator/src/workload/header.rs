//! A whole workflow.

use serde_json::{Value, json};

use super::expression::Sight;
use super::list::Generator;
use crate::random::Random;

/// Writes the workflow of this name, which may start these others.
pub(super) fn workflow(
    random: &mut Random,
    name: &str,
    children: &[String],
    budget: usize,
) -> Value {
    let mut generator = Generator {
        random,
        children,
        budget,
        next_step: 0,
    };
    let steps = generator.list(&Sight::default(), 0);
    let mut workflow = json!({ "name": name, "version": "1.0.0", "steps": steps });
    if generator.random.chance(35) {
        generator.budget = 3;
        let sight = Sight {
            in_finally: true,
            ..Sight::default()
        };
        workflow["finally"] = generator.list(&sight, 2);
    }
    add_keys(random, &mut workflow);
    workflow
}

fn add_keys(random: &mut Random, workflow: &mut Value) {
    match random.between(0, 5) {
        0 => workflow["on-failure"] = json!("stop"),
        1 | 2 => workflow["on-failure"] = json!("compensate"),
        _ => {}
    }
    match random.between(0, 7) {
        0 => workflow["timeout"] = json!(format!("{}s", random.between(1, 90))),
        1 => workflow["timeout"] = json!("${ string(input.n * 10 + 1) + 's' }"),
        _ => {}
    }
    if random.chance(20) {
        let after = format!("{}s", random.between(1, 60));
        let emit = json!({ "type": "ping", "subject": "key-${ input.n % 2 }" });
        workflow["deadlines"] = json!([{ "after": after, "emit": emit }]);
    }
    match random.between(0, 4) {
        0 => workflow["output"] = json!({ "n": "${ input.n }", "last": "${ steps.s1.output }" }),
        // Fails when everything else is done.
        1 if random.chance(20) => workflow["output"] = json!("${ input.absent.deep }"),
        _ => {}
    }
    if random.chance(40) {
        workflow["subject"] = json!("customer-${ input.n }");
        workflow["attributes"] = json!({ "flag": "${ string(input.flag) }" });
    }
    if random.chance(20) {
        let on_limit = *random.pick(&["queue", "queue", "cancel-oldest"]);
        workflow["concurrency"] = json!({
            "key": "${ string(input.n % 3) }",
            "limit": random.between(1, 2),
            "on-limit": on_limit,
        });
        workflow["priority"] = json!("${ input.n % 2 == 0 ? 'high' : 'low' }");
        workflow["fairness"] = json!({ "key": "${ string(input.n % 5) }", "weight": 2 });
    }
    if random.chance(30) {
        workflow["defaults"] = json!({ "timeout": "8s", "retry": "quick" });
    }
}
