//! A whole workload: adapters, policies, workflows, and inputs to start them with.

use definition::{Catalog, Diagnostic, ResourceSet};
use serde_json::{Value, json};

use super::header::workflow;
use super::yaml::yaml;
use crate::random::Random;

/// The adapters of every workload. `slow-office` has an action that answers by callback.
pub const ADAPTERS: [&str; 3] = ["steady", "flaky", "slow-office"];

/// Resources, and the names of the workflows that are started from outside.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The resources as YAML.
    pub text: String,
    /// Workflows to start.
    pub workflows: Vec<String>,
    /// Bytes that pad some inputs, so that they are kept as blobs; 0 for none.
    pub padding: usize,
}

/// A random workload.
pub fn generate(random: &mut Random) -> Workload {
    let leaf = vec!["leaf".to_owned()];
    let both = vec!["leaf".to_owned(), "middle".to_owned()];
    let mut documents = vec![
        undoing(),
        workflow(random, "leaf", &[], 4),
        workflow(random, "middle", &leaf, 6),
    ];
    let mut names = vec!["leaf".to_owned()];
    for number in 0..random.between(1, 3) {
        let name = format!("main{number}");
        let budget = random.count(3, 18);
        documents.push(workflow(random, &name, &both, budget));
        names.push(name);
    }
    let others: Vec<Value> = documents
        .iter()
        .filter(|document| names.iter().any(|name| document["name"] == **name))
        .map(|document| other_version(random, document))
        .collect();
    documents.extend(others);
    let resources = json!({
        "adapters": adapters(random),
        "policies": { "retry": policies(), "rules": rules(random) },
        "workflows": documents,
    });
    let padding = if random.chance(4) { 40_000 } else { 0 };
    Workload {
        text: yaml(&resources),
        workflows: names,
        padding,
    }
}

/// The version on which an instance runs, or to which it goes over.
pub(crate) const VERSIONS: [&str; 2] = ["1.0.0", "1.1.0"];

/// A workflow's other version: a step more, mostly at its end, where all that has begun has its place.
fn other_version(random: &mut Random, document: &Value) -> Value {
    let mut other = document.clone();
    other["version"] = json!(VERSIONS[1]);
    let added = json!({ "id": "added", "set": { "value": 1 } });
    if let Some(steps) = other["steps"].as_array_mut() {
        let place = if random.chance(20) { 0 } else { steps.len() };
        steps.insert(place, added);
    }
    other
}

/// A workflow that undoes a step: short, so that undoing ends.
fn undoing() -> Value {
    json!({
        "name": "undoing",
        "version": "1.0.0",
        "steps": [{ "id": "undo", "adapter": "steady", "action": "undo", "retry": "quick" }],
    })
}

fn adapters(random: &mut Random) -> Value {
    let adapter = |name: &str, actions: Value| json!({ "name": name, "type": "http", "url": "http://simulated.invalid", "default-action": "do", "actions": actions });
    let plain = json!({ "do": {}, "undo": {}, "ask": {} });
    let mut flaky = adapter("flaky", plain.clone());
    if random.chance(50) {
        flaky["concurrency"] = json!(random.between(1, 4));
    }
    if random.chance(50) {
        flaky["retry"] = json!("quick");
        flaky["timeout"] = json!("6s");
    }
    if random.chance(50) {
        let (rate, burst) = (random.between(5, 30), random.between(1, 5));
        flaky["rate-limit"] = json!({ "rate": format!("{rate}/s"), "burst": burst });
    }
    if random.chance(50) {
        flaky["circuit-breaker"] = breaker(random);
    }
    if random.chance(30) {
        flaky["actions"]["do"]["concurrency"] = json!(random.between(1, 2));
    }
    let mut office = adapter("slow-office", plain.clone());
    office["actions"]["order"] = json!({ "async": "callback", "timeout": "20s" });
    json!([adapter("steady", plain), flaky, office])
}

/// A breaker that opens now and then, and is not open for long.
fn breaker(random: &mut Random) -> Value {
    let on_open = [
        json!("wait"),
        json!("fail"),
        json!({ "fallback": "steady" }),
    ];
    json!({
        "window": "10s",
        "min-calls": random.between(2, 6),
        "failure-rate": 0.5,
        "slow-call": "3s",
        "open-for": format!("{}ms", random.between(300, 5_000)),
        "half-open-calls": random.between(1, 3),
        "on-open": random.pick(&on_open),
    })
}

fn policies() -> Value {
    let policy = |attempts: u64, on_exhausted: &str| json!({ "max-attempts": attempts, "initial-interval": "100ms", "max-interval": "5s", "on-exhausted": on_exhausted });
    json!({ "quick": policy(3, "fail"), "asking": policy(2, "man"), "careless": policy(2, "continue") })
}

/// Rules about what is undone, and about whole adapters.
fn rules(random: &mut Random) -> Value {
    let mut rules = Vec::new();
    if random.chance(40) {
        let effects = ["require", "require", "require", "block", "audit"];
        let mut rule = json!({
            "name": "undos",
            "match": { "action": "undo" },
            "set": { "man-mode": random.pick(&effects) },
        });
        if random.chance(30) {
            rule["match"]["adapter"] = json!(random.pick(&ADAPTERS));
        }
        if random.chance(10) {
            rule["mode"] = json!("evaluate");
        }
        rules.push(rule);
    }
    if random.chance(25) {
        rules.push(json!({
            "name": "narrow",
            "match": { "adapter": "s*" },
            "set": { "concurrency": random.between(1, 3) },
        }));
    }
    json!(rules)
}

impl Workload {
    /// The catalog after this workload was applied to an empty one.
    ///
    /// # Errors
    /// What the language says against it: a mistake of the generator.
    pub fn catalog(&self) -> Result<Catalog, Vec<Diagnostic>> {
        let (set, found) = self.resources();
        if found.iter().any(Diagnostic::refuses_apply) {
            return Err(found);
        }
        let base = Catalog {
            environment: "dev".to_owned(),
            ..Catalog::default()
        };
        set.apply_to(&base, &definition::no_settings_check)
            .map(|change| change.new)
    }

    /// The resources as `apply` takes them.
    pub fn resources(&self) -> (ResourceSet, Vec<Diagnostic>) {
        ResourceSet::parse(vec![(
            "workload.yaml".to_owned(),
            self.text.clone().into_bytes(),
        )])
    }

    /// A random input; all of a workload's workflows read the same fields.
    pub fn input(&self, random: &mut Random) -> Value {
        let items: Vec<u64> = (0..random.between(0, 4)).collect();
        let mut input =
            json!({ "n": random.between(0, 9), "flag": random.chance(50), "items": items });
        if self.padding > 0 && random.chance(50) {
            input["pad"] = json!("x".repeat(self.padding));
        }
        input
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_generated_compiles() {
        for seed in 0..300 {
            let workload = generate(&mut Random::new(seed));
            if let Err(found) = workload.catalog() {
                let found: Vec<String> = found
                    .iter()
                    .filter(|one| one.refuses_apply())
                    .map(|one| format!("{}: {}", one.pointer, one.message))
                    .collect();
                panic!("seed {seed}: {found:#?}\n{}", workload.text);
            }
        }
    }

    #[test]
    fn the_same_seed_writes_the_same_text() {
        let text = |seed| generate(&mut Random::new(seed)).text;
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }
}
