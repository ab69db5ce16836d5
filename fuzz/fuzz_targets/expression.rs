//! Any text as an expression: compiling and evaluating it ends, in bounds, without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let input = json!({ "input": { "a": 1, "b": [1.5, null, "x"], "c-d": true }, "event": { "at": "2030-01-01T00:00:00Z" } });
    let _ = expression::eval::run(text, &input);
});
