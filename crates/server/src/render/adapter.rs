//! Adapters, with how they stand.

use api::{Adapter, AdapterStatus, AdapterTarget, Json, LimitsOverridden, Switched, Time};
use definition::{AdapterSpec, AdapterSwitches, Catalog, Hold, Note};
use runtime::{AdapterStanding, BreakerState, TargetStanding};

/// One adapter at this moment, in milliseconds since the epoch.
pub fn adapter(
    catalog: &Catalog,
    spec: &AdapterSpec,
    standing: AdapterStanding,
    now: i64,
) -> Adapter {
    Adapter {
        name: spec.name.clone(),
        kind: spec.kind.clone(),
        actions: spec.actions.keys().cloned().collect(),
        default_action: spec.default_action.clone(),
        status: status(catalog, spec, standing, now),
        document: Json::from_value(&spec.settings),
    }
}

fn status(
    catalog: &Catalog,
    spec: &AdapterSpec,
    standing: AdapterStanding,
    now: i64,
) -> AdapterStatus {
    let switches = catalog.switches.get(&spec.name).map(AsRef::as_ref);
    let whole = switches.and_then(|switches| switches.whole.hold.as_ref());
    let other = catalog.limit_override(&spec.name, now);
    let rate = other.and_then(|other| other.rate);
    let rate = rate.or_else(|| catalog.rate(spec));
    let concurrency = other.and_then(|other| other.concurrency);
    let has_breaker = catalog.breaker(spec).is_some();
    let targets = standing.targets.into_iter();
    AdapterStatus {
        state: state(whole, standing.running).to_owned(),
        switched: whole.map(held),
        in_flight: standing.running,
        waiting: standing.waiting,
        waits_for: standing.held,
        concurrency: concurrency.or_else(|| catalog.concurrency(spec)),
        rate: rate.map(|rate| rate.to_string()),
        overridden: other.map(|other| LimitsOverridden {
            until: Time(other.until),
            by: other.note.by.clone(),
            at: Time(other.note.at),
            reason: other.note.reason.clone(),
        }),
        targets: targets
            .map(|found| target(switches, has_breaker, found))
            .collect(),
    }
}

fn state(hold: Option<&Hold>, running: u64) -> &'static str {
    match hold {
        None => "running",
        Some(hold) if !hold.drain => "paused",
        Some(_) if running > 0 => "draining",
        Some(_) => "drained",
    }
}

fn target(
    switches: Option<&AdapterSwitches>,
    has_breaker: bool,
    standing: TargetStanding,
) -> AdapterTarget {
    let own = switches.and_then(|switches| switches.targets.get(&standing.name));
    let hold = own.and_then(|own| own.hold.as_ref()).map(held);
    let opened = switches.and_then(|switches| switches.opened(&standing.name));
    let by_itself = opened.is_none() && has_breaker;
    let breaker = match (opened, has_breaker) {
        (Some(_), _) => BreakerState::Open.as_str(),
        (None, true) => standing.state.as_str(),
        (None, false) => "none",
    };
    AdapterTarget {
        breaker: breaker.to_owned(),
        since: match opened {
            Some(note) => Some(Time(note.at)),
            None => standing.since.filter(|_| by_itself).map(Time),
        },
        until: standing.until.filter(|_| by_itself).map(Time),
        why: match opened {
            Some(note) => Some(note.reason.clone()),
            None => Some(standing.why).filter(|why| by_itself && !why.is_empty()),
        },
        calls: standing.calls,
        failure_rate: f64::from(standing.failed) / f64::from(standing.calls.max(1)),
        in_flight: standing.running,
        switched: hold.or_else(|| opened.map(|note| switched("open-breaker", note))),
        name: standing.name,
    }
}

fn held(hold: &Hold) -> Switched {
    switched(if hold.drain { "drain" } else { "pause" }, &hold.note)
}

fn switched(action: &str, note: &Note) -> Switched {
    Switched {
        action: action.to_owned(),
        by: note.by.clone(),
        at: Time(note.at),
        reason: note.reason.clone(),
    }
}
