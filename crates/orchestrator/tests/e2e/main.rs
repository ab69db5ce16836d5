//! The real binary, from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/random.rs"]
mod random;

mod breakers;
mod callbacks;
mod cluster;
mod commands;
mod configuration;
mod database;
mod dead_letters;
mod decisions;
mod dev;
mod disaster;
mod doctor;
mod events;
mod github_ops;
mod interop;
mod lifecycle;
mod limits;
mod metrics;
mod migration;
mod operations;
mod outputs;
mod retention;
mod schedules;
mod sockets;
mod stats;
mod verbs;
mod waits;
mod windows;

/// Workflows that need nothing but the process itself.
const DEFINITIONS: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: greet
  version: 1.0.0
  timeout: 1h
  input: { schema: { type: object, required: [name] } }
  output: "${ steps.say.output }"
  steps: [{ id: say, adapter: local, action: echo, input: { hello: "${ input.name }" } }]
---
workflow:
  name: nap
  version: 1.0.0
  timeout: 1h
  steps:
    - { id: before, adapter: local, action: echo, input: {} }
    - { id: nap, wait: { for: "${ input.for }" } }
    - { id: after, adapter: local, action: echo, input: {} }
---
workflow:
  name: broken
  version: 1.0.0
  timeout: 1h
  steps: [{ id: stop, fail: { type: too.bad, message: on purpose } }]
"#;
