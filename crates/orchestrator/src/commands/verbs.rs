//! `signal`: what is asked of one instance while it runs.

use api::{Exit, Json, SignalRequest, Submitted};

use super::Session;
use crate::args::SignalArgs;
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::files::json_argument;
use crate::output::json;
use crate::terminal;

/// Sends a signal to an instance.
pub async fn signal(session: &Session, args: SignalArgs) -> Result<Exit, Failure> {
    let data = args.data.as_deref().map(json_argument).transpose()?;
    let request = SignalRequest {
        name: args.name,
        data: data.map(|text| Json::from_bytes(text.as_bytes())),
    };
    let path = format!("/api/v1/workflows/{}/signal", segment(&args.id));
    let ask = Ask::default()
        .header("idempotency-key", args.idempotency_key)
        .json(json(&request)?);
    let body = session.client.post(&path, ask).await?;
    session.output.show(&body, |answer: &Submitted| {
        format!("{} is {}", answer.id, terminal::status(&answer.status))
    })
}
