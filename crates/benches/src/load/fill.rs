//! Filling a store through the product, each instance another one.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;

use super::requests::accepted;
use super::{Expect, Requests, input};
use crate::http::Connection;
use crate::served::Served;

/// Workflows of one request.
const BATCH: u64 = 1_000;
/// Requests under way at once.
const CONNECTIONS: usize = 4;
/// How long the server may have no room before the request is sent again.
const AFTER_PUSH_BACK: Duration = Duration::from_millis(20);
/// How long the store may take to count what was started.
const PATIENCE: Duration = Duration::from_secs(600);

/// Starts the items from `first` to `end`, as `item` makes them; they need not end.
pub(crate) async fn fill(
    address: SocketAddr,
    (first, end): (u64, u64),
    item: impl Fn(u64) -> String,
) -> Result<()> {
    // What of a batch found no room is made up for with numbers beyond the end.
    let (next, left, item) = (Cell::new(first), Cell::new(end - first), &item);
    let lane = async || {
        let mut connection = Connection::open(address).await?;
        loop {
            let (from, count) = (next.get(), BATCH.min(left.get()));
            if count == 0 {
                return anyhow::Ok(());
            }
            next.set(from + count);
            left.set(left.get() - count);
            let request = Requests::one(count as usize, Expect::Accepted, from, item);
            let taken = until_taken(&mut connection, &request, count).await?;
            left.set(left.get() + count - taken);
            if taken < count {
                tokio::time::sleep(AFTER_PUSH_BACK).await;
            }
        }
    };
    try_join_all((0..CONNECTIONS).map(|_| lane())).await?;
    Ok(())
}

/// Sends a request until all of its items are taken: what was taken before must be known again by its name.
pub(crate) async fn until_all_taken(
    connection: &mut Connection,
    request: &[u8],
    count: u64,
) -> Result<()> {
    while until_taken(connection, request, count).await? < count {
        tokio::time::sleep(AFTER_PUSH_BACK).await;
    }
    Ok(())
}

/// Answers how many of its `count` items were taken.
async fn until_taken(connection: &mut Connection, request: &[u8], count: u64) -> Result<u64> {
    loop {
        let answer = connection.exchange(request).await?;
        if !answer.is_push_back() {
            answer.demand_success()?;
            if count == 1 {
                // The answer to one start alone is its instance.
                return Ok(1);
            }
            let taken = accepted(answer.body).context("expected the number of starts taken")?;
            return Ok(taken as u64);
        }
        tokio::time::sleep(AFTER_PUSH_BACK).await;
    }
}

/// Starts so many instances that wait for a day, and waits until the store counts them.
pub(crate) async fn hold(served: &Served, count: u64) -> Result<()> {
    let item = |number| format!(r#"{{"workflow":"hold","input":{}}}"#, input(number));
    fill(served.address, (0, count), item).await?;
    let client = served.client();
    client.until_count("workflow=hold", count, PATIENCE).await
}
