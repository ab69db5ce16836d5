//! A call of an adapter that a person tries out.

use std::sync::Arc;

use api::{AdapterCall, Code, Submitted};
use axum::extract::{Request, State};
use axum::response::Response;
use engine::Payload;
use runtime::{CallOrder, CallRefused};

use super::submit::{check_name, created, idempotency, take_wait, wait_over};
use crate::callers::{Caller, Permission};
use crate::door::{
    Correlation, IdempotencyKey, Query, Refusal, Segments, bad_field, of_submit, of_unavailable,
    parse_json, read_body,
};
use crate::state::Door;

/// Calls an action of an adapter once, to try it out
///
/// It is a workflow of one step, under the adapter's limits, breaker and switches, and a person is asked first where the
/// policies say so; it is not tried again, and no dead letter is kept of it. Audited. Answers when it is durable; with
/// `wait`, when it ended or the wait is over. Request and response, masked, are the attempt of its step `call`.
#[utoipa::path(
    post, path = "/adapters/{name}/call", tag = "adapters", operation_id = "call_adapter",
    params(
        ("name" = String, Path),
        ("wait" = Option<String>, Query, description = "Wait for the end, at most this long (`30s`, at most `5m`)"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body call it only once"),
    ),
    request_body = AdapterCall,
    responses(
        (status = 201, description = "It is started, durably", body = Submitted),
        crate::openapi::Problems,
    )
)]
pub async fn call(
    State(door): State<Arc<Door>>,
    caller: Caller,
    correlation: Correlation,
    IdempotencyKey(key): IdempotencyKey,
    Segments(name): Segments<String>,
    mut query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    let user = caller.may(Permission::Operate)?;
    let wait_ms = take_wait(&mut query)?;
    query.finish()?;
    let body = read_body(request, door.limits.body_bytes).await?;
    door.may_start()?;
    let asked: AdapterCall = parse_json(body.text())?;
    let reason = asked.reason.trim();
    if reason.is_empty() {
        return Err(bad_field("/reason", "expected why, in a sentence"));
    }
    let given = asked.correlation_id.as_deref().or(correlation.given());
    let correlation_id = given.unwrap_or_default().to_owned();
    check_name("/correlation_id", &correlation_id)?;
    let path = format!("/api/v1/adapters/{name}/call");
    let order = CallOrder {
        action: asked.action.unwrap_or_default(),
        input: asked.input.map_or_else(Payload::null, |input| {
            Payload::from_bytes(input.text().to_owned().into())
        }),
        correlation_id,
        idempotency: key.map(|key| idempotency(user, &path, &key, &body.0)),
        actor: user.to_owned(),
        reason: reason.to_owned(),
        adapter: name.clone(),
    };
    let action = order.action.clone();
    let over = wait_ms.map(|wait_ms| wait_over(&door, wait_ms));
    let called = door.runtime.call_adapter(order, over).await;
    let called = called.map_err(|error| refused(&name, &action, error))?;
    Ok(created(&called, wait_ms.is_some()))
}

fn refused(name: &str, action: &str, error: CallRefused) -> Refusal {
    let among = |word: &str, names: &[String]| {
        let near = adapter::nearest(word, names.iter().map(String::as_str));
        near.map_or_else(
            || format!("there are {}", names.join(", ")),
            |near| format!("did you mean {near}?"),
        )
    };
    match error {
        CallRefused::NoAdapter(names) => {
            let detail = format!("there is no adapter {name}; {}", among(name, &names));
            Refusal::new(Code::NO_RESOURCE, detail)
        }
        CallRefused::NoAction(names) => {
            let among = among(action, &names);
            let message = match action {
                "" => format!("expected an action, for {name} has none by default; {among}"),
                action => format!("adapter {name} has no action {action}; {among}"),
            };
            bad_field("/action", &message)
        }
        CallRefused::Unfit(told) => bad_field("/action", &told),
        CallRefused::Submit(error) => of_submit(error),
        CallRefused::Unavailable(outage) => of_unavailable(&outage),
    }
}
