//! Lets go on what waits when its time comes, and asks the homes of adapters that are elsewhere.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::report::{LimitsAnswer, LimitsAsk};
use crate::clock::steady_now;
use crate::error::Unavailable;
use crate::shared::Shared;

/// Between two askings of homes elsewhere while calls wait for them.
const HURRIED: Duration = Duration::from_millis(100);
/// Between two askings about an adapter that is used: a breaker that opens is known on all nodes well
/// within a second.
const USUAL: Duration = Duration::from_millis(300);
/// However late the next call may begin, limits are looked at again after this.
const AT_MOST: Duration = Duration::from_secs(1);
/// Between two looks at least.
const REST: Duration = Duration::from_millis(1);

/// Runs until the runtime goes.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut asked_at = steady_now();
    loop {
        let news = shared.homes.asked.notified();
        match next_look(&shared) {
            Some(after) => drop(tokio::time::timeout(after, news).await),
            None => news.await,
        }
        // However many calls wait, no home elsewhere is asked without pause.
        let elsewhere = asked_at.elapsed() >= HURRIED;
        if elsewhere {
            asked_at = steady_now();
        }
        look(&shared, elsewhere).await;
        tokio::time::sleep(REST).await;
    }
}

/// How long until something may have changed by itself; none: nothing is limited and used.
fn next_look(shared: &Shared) -> Option<Duration> {
    let now = shared.clock.boot_ms();
    let several = shared.cluster.is_some();
    let due = shared.dispatcher.limited(now).into_iter();
    let after = due.filter_map(|limited| {
        let after = match limited.until {
            Some(until) => Duration::from_millis(until.saturating_sub(now)).min(AT_MOST),
            None if limited.waits => AT_MOST,
            None => return several.then_some(USUAL),
        };
        let here = shared.homes.is_here(shared, &limited.adapter);
        Some(if here { after } else { after.max(HURRIED) })
    });
    let after = after.min()?;
    Some(if several { after.min(USUAL) } else { after })
}

/// Tells the homes what came of calls, takes what they give, and starts what may begin.
async fn look(shared: &Arc<Shared>, elsewhere: bool) {
    let now = shared.clock.boot_ms();
    let limited = shared.dispatcher.limited(now).into_iter();
    let asked =
        limited.filter(|limited| elsewhere || shared.homes.is_here(shared, &limited.adapter));
    let asked = asked.filter_map(|limited| {
        let ask = shared.dispatcher.request(shared, &limited.adapter)?;
        Some(async move { (limited.adapter, home_answer(shared, ask).await) })
    });
    for (adapter, answer) in join_all(asked.collect::<Vec<_>>()).await {
        if let Ok(answer) = answer {
            shared.dispatcher.answered(shared, &adapter, now, answer);
        }
    }
    shared.dispatcher.resume(shared);
}

/// What the home of an adapter answers, wherever it is.
pub(crate) async fn home_answer(
    shared: &Arc<Shared>,
    ask: LimitsAsk,
) -> Result<LimitsAnswer, Unavailable> {
    match (
        shared.homes.exchange(shared, shared.node(), &ask),
        &shared.cluster,
    ) {
        (Err(_), Some(cluster)) => cluster.ask_limits(shared, ask).await,
        (answer, _) => answer,
    }
}
