//! From a task that is out to the call that its adapter gets.

use std::sync::Arc;

use adapter::{Call, CallbackUrl, Undo};
use definition::{Action, Catalog, Compensation, Step};
use engine::record::{TaskKey, TaskKind};
use engine::{Instance, Payload, TaskCall};
use expression::Template;
use serde_json::Value;

use super::link::with_links;
use super::token::Tokens;

/// Where callbacks are taken, behind the server's own URL.
const CALLBACK_PATH: &str = "/api/v1/task-callbacks/";

/// What a call needs beside the instance.
pub(super) struct Surrounding<'a> {
    pub(super) catalog: &'a Catalog,
    /// The adapter's name.
    pub(super) adapter: Arc<str>,
    pub(super) env: Arc<Value>,
    pub(super) tokens: &'a Tokens,
    pub(super) callback_base: Option<&'a str>,
    /// The time of the call, milliseconds since the epoch.
    pub(super) now: i64,
}

/// The adapter's view of a task.
pub(super) fn adapter_call(
    instance: &Instance,
    task: TaskKey,
    call: TaskCall,
    surrounding: &Surrounding<'_>,
) -> Call {
    let input = match task.kind() {
        TaskKind::Notify => with_links(
            instance,
            call.input.bytes(),
            surrounding.tokens,
            surrounding.callback_base,
            surrounding.now,
        ),
        TaskKind::Run | TaskKind::Undo | TaskKind::Verify => call.input.bytes(),
    };
    let input_secrets = secrets_of(instance, task, &call);
    let callback = callback_url(instance, task, &call, surrounding);
    let undo = call.undo.as_ref().map(|(input, output)| Undo {
        input: input.bytes(),
        output: output.bytes(),
    });
    let correlation_id = instance.header().started.correlation_id.clone();
    Call {
        adapter: Arc::clone(&surrounding.adapter),
        action: call.action().map(Into::into),
        input,
        input_secrets,
        undo,
        idempotency_key: call.idempotency_key,
        correlation_id,
        instance_id: instance.id().to_string(),
        step: call.step,
        attempt: call.attempt,
        target: None,
        timeout_ms: call.plan.timeout_ms,
        callback,
        env: Arc::clone(&surrounding.env),
    }
}

fn callback_url(
    instance: &Instance,
    task: TaskKey,
    call: &TaskCall,
    surrounding: &Surrounding<'_>,
) -> Option<CallbackUrl> {
    let base = surrounding.callback_base?;
    let adapter = surrounding.catalog.adapters.get(&*surrounding.adapter)?;
    let action = call.action().or(adapter.default_action.as_deref())?;
    let asynchronous = adapter.actions.get(action)?.async_callback;
    let token = || surrounding.tokens.of(instance.id(), task);
    asynchronous.then(|| CallbackUrl::new(format!("{base}{CALLBACK_PATH}{}", token())))
}

/// The secrets that the step's own definition puts into what this call is made with. Only looked for
/// when that holds a reference at all.
fn secrets_of(instance: &Instance, task: TaskKey, call: &TaskCall) -> Arc<[String]> {
    let undone = call.undo.as_ref().map(|(input, _)| input);
    let mut payloads = undone.into_iter().chain([&call.input]);
    if !payloads.any(mentions_secret) {
        return Arc::default();
    }
    let Some(step) = instance.step_definition(task.at) else {
        return Arc::default();
    };
    // A call that undoes a step sees that step's input beside its own.
    let templates = match task.kind() {
        TaskKind::Run => [run_input(step), None],
        // What a notice is called with names no secrets.
        TaskKind::Notify => return Arc::default(),
        kind => [undo_input(step, kind), run_input(step)],
    };
    let references = templates
        .into_iter()
        .flatten()
        .flat_map(Template::references);
    let secrets = references.filter(|reference| reference.root == "secrets");
    secrets.filter_map(|reference| reference.member).collect()
}

fn mentions_secret(payload: &Payload) -> bool {
    std::str::from_utf8(&payload.bytes()).is_ok_and(|text| text.contains("\"$secret\""))
}

fn run_input(step: &Step) -> Option<&Template> {
    match &step.action {
        Action::Task(task) => task.input.as_ref(),
        _ => None,
    }
}

fn undo_input(step: &Step, kind: TaskKind) -> Option<&Template> {
    let Compensation { input, verify, .. } = step.compensation.as_ref()?;
    match (kind, verify) {
        (TaskKind::Verify, Some(verify)) => verify.input.as_ref(),
        (TaskKind::Verify, None) => None,
        (TaskKind::Run | TaskKind::Undo | TaskKind::Notify, _) => input.as_ref(),
    }
}
