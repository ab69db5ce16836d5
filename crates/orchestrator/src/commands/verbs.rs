//! `signal`, `pause`, `resume`, `steps`: what is asked of instances while they run.

use api::{Exit, Json, OperationRequest, Reason, SignalRequest, StepRequest, Submitted};

use super::Session;
use super::operations::on_many;
use crate::args::{HoldArgs, SignalArgs, StepArgs, StepsCommand};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::files::json_argument;
use crate::output::json;
use crate::terminal;

/// Sends a signal to an instance.
pub async fn signal(session: &Session, args: SignalArgs) -> Result<Exit, Failure> {
    let data = args.data.as_deref().map(json_argument).transpose()?;
    let data = data.map(|text| Json::from_bytes(text.as_bytes()));
    let many = args.many.is_asked()?;
    let (id, name) = match args.words.as_slice() {
        [name] if many => ("", name.clone()),
        [id, name] if !many => (id.as_str(), name.clone()),
        _ => {
            let expected = "expected ID and NAME, or NAME and --filter";
            return Err(Failure::usage(expected));
        }
    };
    if many {
        let request = OperationRequest {
            action: "signal".to_owned(),
            name: Some(name),
            data,
            reason: args.reason,
            ..OperationRequest::default()
        };
        return on_many(session, request, args.many, args.idempotency_key).await;
    }
    let request = SignalRequest { name, data };
    let path = format!("/api/v1/workflows/{}/signal", segment(id));
    let ask = Ask::default()
        .header("idempotency-key", args.idempotency_key)
        .json(json(&request)?);
    let body = session.client.post(&path, ask).await?;
    session.output.show(&body, |answer: &Submitted| {
        format!("{} is {}", answer.id, terminal::status(&answer.status))
    })
}

/// Holds instances, or lets them go on, one after the other; the first that is refused ends it.
pub async fn hold(session: &Session, verb: &str, args: HoldArgs) -> Result<Exit, Failure> {
    if args.many.is_asked()? {
        let request = OperationRequest {
            action: verb.to_owned(),
            reason: args.reason,
            ..OperationRequest::default()
        };
        return on_many(session, request, args.many, None).await;
    }
    let request = Reason {
        reason: args.reason,
    };
    for id in &args.ids {
        let path = format!("/api/v1/workflows/{}/{verb}", segment(id));
        let ask = Ask::default().json(json(&request)?);
        let body = session.client.post(&path, ask).await?;
        session.output.show(&body, |answer: &Submitted| {
            format!("{} is {}", answer.id, terminal::status(&answer.status))
        })?;
    }
    Ok(Exit::Well)
}

/// Does something about one step.
pub async fn step(session: &Session, command: StepsCommand) -> Result<Exit, Failure> {
    let (verb, args, request) = match command {
        StepsCommand::Skip(args) => ("skip", args, StepRequest::default()),
        StepsCommand::Retry(args) => ("retry", args, StepRequest::default()),
        StepsCommand::Complete { step, data } => {
            let data = data.as_deref().map(json_argument).transpose()?;
            let output = data.map(|text| Json::from_bytes(text.as_bytes()));
            let request = StepRequest {
                output,
                ..StepRequest::default()
            };
            ("complete", step, request)
        }
        StepsCommand::Fail {
            step,
            error_type,
            message,
        } => {
            let request = StepRequest {
                error_type,
                message,
                ..StepRequest::default()
            };
            ("fail", step, request)
        }
    };
    let StepArgs {
        id,
        step,
        lane,
        reason,
    } = args;
    let request = StepRequest {
        lane,
        reason,
        ..request
    };
    let (id, step) = (segment(&id), segment(&step));
    let path = format!("/api/v1/workflows/{id}/steps/{step}/{verb}");
    let ask = Ask::default().json(json(&request)?);
    let body = session.client.post(&path, ask).await?;
    session.output.show(&body, |answer: &Submitted| {
        format!("{} is {}", answer.id, terminal::status(&answer.status))
    })
}
