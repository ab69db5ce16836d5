//! `callbacks`: who is told of what happens to instances, and what was delivered.

use api::{Callback, Delivery, Exit, Page, Submitted};

use super::Session;
use crate::args::{CallbacksCommand, DeliveryListArgs};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{brief, columns, moment};

const PATH: &str = "/api/v1/callbacks";

/// Lists callbacks or their deliveries, or delivers once more.
pub async fn run(session: &Session, command: CallbacksCommand) -> Result<Exit, Failure> {
    match command {
        CallbacksCommand::List => list(session).await,
        CallbacksCommand::Deliveries(args) => deliveries(session, args).await,
        CallbacksCommand::Redeliver { callback, delivery } => {
            let (callback, delivery) = (segment(&callback), segment(&delivery));
            let path = format!("{PATH}/{callback}/deliveries/{delivery}/redeliver");
            let body = session.client.post(&path, Ask::default()).await?;
            session
                .output
                .show(&body, |started: &Submitted| started.id.clone())
        }
    }
}

async fn list(session: &Session) -> Result<Exit, Failure> {
    let body = session.client.get(PATH, Ask::default()).await?;
    session.output.show(&body, |page: &Page<Callback>| {
        let yes = |told: bool| if told { "yes" } else { "no" }.to_owned();
        let row = |item: &Callback| {
            vec![
                item.name.clone(),
                item.event.clone(),
                item.workflow.clone().unwrap_or_default(),
                yes(item.signed),
                yes(item.ordered),
                brief(&item.url, 60),
            ]
        };
        let heading = ["CALLBACK", "EVENT", "WORKFLOW", "SIGNED", "ORDERED", "URL"];
        columns(&heading, page.items.iter().map(row))
    })
}

async fn deliveries(session: &Session, args: DeliveryListArgs) -> Result<Exit, Failure> {
    let ask = Ask::default()
        .with("status", args.status)
        .with("limit", Some(args.limit))
        .with("cursor", args.cursor);
    let path = format!("{PATH}/{}/deliveries", segment(&args.callback));
    let body = session.client.get(&path, ask).await?;
    session.output.show(&body, |page: &Page<Delivery>| {
        let row = |item: &Delivery| {
            let error = item.last_error.as_ref();
            vec![
                item.id.clone(),
                item.event_type.clone(),
                item.workflow_id.clone(),
                item.status.clone(),
                item.attempts.to_string(),
                moment(item.at),
                brief(
                    &error.map(|error| error.message.clone()).unwrap_or_default(),
                    60,
                ),
            ]
        };
        let heading = [
            "DELIVERY", "EVENT", "INSTANCE", "STATUS", "TRIES", "AT (UTC)", "ERROR",
        ];
        columns(&heading, page.items.iter().map(row))
    })
}
