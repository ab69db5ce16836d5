//! Questions, one after the other.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::http::{Connection, get};
use crate::machine::nanos;
use crate::spread::Latency;

/// Gets each of these paths (below the API's base), or as many as the time allows.
pub(super) async fn ask_each(
    address: SocketAddr,
    paths: impl Iterator<Item = String>,
    at_most: Duration,
) -> Result<Latency> {
    let mut connection = Connection::open(address).await?;
    let (all, mut timed) = (Instant::now(), Vec::new());
    for path in paths {
        let request = get(&format!("/api/v1{path}"));
        let begun = Instant::now();
        let answer = connection.exchange(&request).await?;
        answer.demand_success()?;
        timed.push(nanos(begun.elapsed()));
        if all.elapsed() > at_most {
            break;
        }
    }
    Ok(Latency::of(timed))
}
