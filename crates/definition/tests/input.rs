//! The input of an instance against the schema of its definition.

use definition::{InputError, Workflow};
use serde_json::{Value, json};

fn workflow(schema: &Value) -> Workflow {
    let document = json!({ "workflow": {
        "name": "w", "version": "1.0.0", "input": { "schema": schema }, "steps": [{ "id": "a", "set": {} }]
    } });
    definition::parse_workflow(&document.to_string()).unwrap_or_else(|found| panic!("{}", found[0]))
}

fn pointers(found: &[InputError]) -> Vec<&str> {
    found.iter().map(|error| error.pointer.as_str()).collect()
}

#[test]
fn findings_point_into_the_input_and_keep_values_to_themselves() {
    let workflow = workflow(&json!({
        "type": "object",
        "required": ["name"],
        "properties": { "card": { "type": "string", "pattern": "^[0-9]+$" }, "lines": { "type": "array", "items": { "type": "integer" } } }
    }));
    assert_eq!(
        workflow.check_input(&json!({ "name": "x", "lines": [1] })),
        []
    );
    let found = workflow.check_input(&json!({ "card": "secret-1234", "lines": [1, "two"] }));
    let mut places = pointers(&found);
    places.sort_unstable();
    assert_eq!(places, ["", "/card", "/lines/1"]);
    assert!(
        found.iter().all(|error| !error.message.contains("1234")),
        "{found:?}"
    );
}

#[test]
fn without_a_schema_anything_goes() {
    let text = "workflow: { name: w, version: 1.0.0, steps: [{ id: a, set: {} }] }";
    let workflow = definition::parse_workflow(text).expect("a workflow");
    assert_eq!(workflow.check_input(&json!(null)), []);
}

#[test]
fn findings_are_bounded() {
    let workflow = workflow(&json!({ "items": { "type": "string" } }));
    let found = workflow.check_input(&json!(vec![1; 10_000]));
    assert_eq!(found.len(), 50);
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#" }] }),
        json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } }, "$ref": "#/$defs/a" }),
        json!({ "properties": { "x": { "$ref": "#" } } }),
    ] {
        let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || {
            let document = json!({ "workflow": {
                "name": "w", "version": "1.0.0", "input": { "schema": schema }, "steps": [{ "id": "a", "set": {} }]
            } });
            if let Ok(workflow) = definition::parse_workflow(&document.to_string()) {
                let deep = (0..120).fold(json!(1), |inner, _| json!({ "x": inner }));
                let _ = workflow.check_input(&deep);
            }
        });
        thread.expect("a thread").join().expect("no panic");
    }
}
