//! A closed loop: as soon as a request is answered, the next one is sent.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join_all;

use super::{Loaded, Requests};
use crate::http::Connection;
use crate::machine::nanos;

/// How long the load waits where the server had no room.
const AFTER_PUSH_BACK: Duration = Duration::from_millis(5);

/// When a closed loop sends no more.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After so long.
    Over(Duration),
    /// After so many requests.
    Sent(usize),
}

/// Sends requests over so many connections, one at a time over each; comes back when all are answered.
pub(crate) async fn closed_loop(
    address: SocketAddr,
    connections: usize,
    requests: &Requests,
    until: Until,
) -> Result<Loaded> {
    let (begun, next) = (Instant::now(), Cell::new(0));
    let take = || {
        let place = next.get();
        next.set(place + 1);
        let more = match until {
            Until::Over(lasting) => begun.elapsed() < lasting,
            Until::Sent(count) => place < count,
        };
        more.then_some(place)
    };
    let take = &take;
    let lanes = (0..connections).map(|_| lane(address, requests, take));
    let mut all = Loaded::default();
    for loaded in try_join_all(lanes).await? {
        all.add(loaded);
    }
    Ok(all)
}

async fn lane(
    address: SocketAddr,
    requests: &Requests,
    take: &dyn Fn() -> Option<usize>,
) -> Result<Loaded> {
    let mut connection = Connection::open(address).await?;
    let mut loaded = Loaded::default();
    while let Some(place) = take() {
        let begun = Instant::now();
        loaded.pushed_back += until_taken(&mut connection, requests, place).await?;
        loaded.latency.push(nanos(begun.elapsed()));
        loaded.count += requests.batch as u64;
    }
    Ok(loaded)
}

/// Sends a request until there is room for it; answers how often there was none.
pub(super) async fn until_taken(
    connection: &mut Connection,
    requests: &Requests,
    place: usize,
) -> Result<u64> {
    let mut pushed_back = 0;
    loop {
        let answer = connection.exchange(&requests.at(place)).await?;
        if !answer.is_push_back() && !requests.is_taken_in_part(&answer) {
            requests.check(&answer)?;
            return Ok(pushed_back);
        }
        pushed_back += 1;
        tokio::time::sleep(AFTER_PUSH_BACK).await;
    }
}
