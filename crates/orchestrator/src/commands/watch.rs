//! `watch`: follows one instance, through lost connections, until it ends.

use std::time::Duration;

use api::{Exit, HistoryRecord};

use super::{Session, instances};
use crate::args::WatchArgs;
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{parse, print};
use crate::sse::{Event, Events};
use crate::terminal;

/// How long a server may stay away, in tries a second apart.
const TRIES: u32 = 60;

/// Prints each record of the instance as it comes.
pub async fn run(session: &Session, args: &WatchArgs) -> Result<Exit, Failure> {
    let path = format!("/api/v1/workflows/{}/events", segment(&args.id));
    let mut seq = args.from_seq;
    let mut tries = 0;
    let mut connected = false;
    loop {
        let ask = Ask::default().with("from_seq", Some(seq));
        match session.client.stream(&path, ask).await {
            Ok(response) => {
                connected = true;
                if follow(session, Events::new(response), &mut seq, &mut tries).await? {
                    return Ok(Exit::Well);
                }
            }
            // The first connection must work; later ones may wait for a server that comes back.
            Err(failure) if !connected || !failure.is_passing() || tries >= TRIES => {
                return Err(failure);
            }
            Err(_) => {}
        }
        tries += 1;
        eprintln!("{}", terminal::dim("the connection is lost; trying again"));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Whether the instance ended; false when the connection did.
async fn follow(
    session: &Session,
    mut events: Events,
    seq: &mut u64,
    tries: &mut u32,
) -> Result<bool, Failure> {
    while let Some(event) = events.next().await {
        *tries = 0;
        match event.name.as_str() {
            "record" => *seq = record(session, &event)?,
            "end" => return Ok(true),
            "problem" => {
                let failure = Failure::from_problem(parse(&event.data)?);
                return if failure.is_passing() {
                    Ok(false)
                } else {
                    Err(failure)
                };
            }
            _ => {}
        }
    }
    Ok(false)
}

fn record(session: &Session, event: &Event) -> Result<u64, Failure> {
    let record: HistoryRecord = parse(&event.data)?;
    if session.output.is_table() {
        print(&instances::line(&record))?;
    } else {
        print(&event.data)?;
    }
    Ok(record.seq)
}
