//! A closed loop: so many in flight, and as soon as one has ended the next is started.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::machine::nanos;
use crate::spread::Latency;

/// What a loop did within its measured time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    /// How many ended.
    pub(crate) count: usize,
    /// The measured time.
    pub(crate) lasted: Duration,
    /// How long one took.
    pub(crate) latency: Latency,
}

impl Done {
    /// How many ended in a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.count as f64 / self.lasted.as_secs_f64()
    }
}

const WARMING: u8 = 0;
const MEASURING: u8 = 1;
const OVER: u8 = 2;

/// Runs `one` over and over, `in_flight` at a time. `begins` and `ends` are called around the measured time.
pub(crate) async fn closed_loop<O, F>(
    in_flight: usize,
    (warming, lasting): (Duration, Duration),
    one: O,
    around: &mut (dyn FnMut() + Send),
) -> Result<Done>
where
    O: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let (one, phase) = (Arc::new(one), Arc::new(AtomicU8::new(WARMING)));
    let mut workers: JoinSet<Result<Vec<u64>>> = JoinSet::new();
    for _ in 0..in_flight {
        let (one, phase) = (Arc::clone(&one), Arc::clone(&phase));
        workers.spawn(async move {
            let mut timed = Vec::new();
            while phase.load(Ordering::Relaxed) != OVER {
                let begun = Instant::now();
                one().await?;
                if phase.load(Ordering::Relaxed) == MEASURING {
                    timed.push(nanos(begun.elapsed()));
                }
            }
            Ok(timed)
        });
    }
    tokio::time::sleep(warming).await;
    around();
    let begun = Instant::now();
    phase.store(MEASURING, Ordering::Relaxed);
    tokio::time::sleep(lasting).await;
    phase.store(OVER, Ordering::Relaxed);
    let lasted = begun.elapsed();
    around();
    let mut timed = Vec::new();
    while let Some(worker) = workers.join_next().await {
        timed.extend(worker??);
    }
    Ok(Done {
        count: timed.len(),
        lasted,
        latency: Latency::of(timed),
    })
}
