//! An open loop: requests are due at fixed times, and how long one took counts from when it was due.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join_all;

use super::closed::until_taken;
use super::{Loaded, Requests};
use crate::http::Connection;
use crate::machine::nanos;

/// Requests that may be under way at once; where more are due, they wait and the wait counts.
const CONNECTIONS: usize = 256;

/// Sends a request every `pause`, for so long; the latencies count from the time at which each was due.
pub(crate) async fn open_loop(
    address: SocketAddr,
    requests: &Requests,
    pause: Duration,
    lasting: Duration,
) -> Result<Loaded> {
    let count = (lasting.as_secs_f64() / pause.as_secs_f64()) as u32;
    let (begun, next) = (Instant::now(), Cell::new(0));
    let loaded = RefCell::new(Loaded::default());
    let lane = async || {
        let mut connection = Connection::open(address).await?;
        while next.get() < count {
            let place = next.replace(next.get() + 1);
            let due = begun + pause * place;
            tokio::time::sleep_until(due.into()).await;
            let pushed_back = until_taken(&mut connection, requests, place as usize).await?;
            let mut loaded = loaded.borrow_mut();
            loaded.pushed_back += pushed_back;
            loaded.latency.push(nanos(due.elapsed()));
            loaded.count += requests.batch as u64;
        }
        anyhow::Ok(())
    };
    try_join_all((0..CONNECTIONS).map(|_| lane())).await?;
    Ok(loaded.into_inner())
}
