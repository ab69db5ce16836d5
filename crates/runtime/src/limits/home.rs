//! What the home of an adapter keeps: permits, tokens and breakers, and who was given what.

use std::collections::{BTreeMap, VecDeque};

use definition::{AdapterSwitches, BreakerSpec, OpenBreaker, OpenBreakers, RateSpec};
use store::NodeId;

use super::allocation::{Allocation, LASTS_MS};
use super::breaker::{Breaker, BreakerState, Change};
use super::bucket::Bucket;
use super::report::{LimitsAnswer, LimitsAsk, TargetAnswer, TargetAsk, WireState};

/// A node that has not said for so long that it wants tokens has its turn no more.
const HUNGRY_MS: u64 = 250;
/// A node that has been silent for so long is forgotten.
const FORGOTTEN_MS: u64 = 600_000;

/// What a partition keeps as the home of adapters.
pub(super) struct Home {
    /// When it began, milliseconds by the boot-time clock.
    pub(super) since: u64,
    /// Another process may have been the home before, whose loans last a while.
    pub(super) after_another: bool,
    pub(super) adapters: BTreeMap<String, AdapterHome>,
}

impl Home {
    /// Whether it does not know yet what the one before lent.
    pub(super) fn is_new(&self, now: u64) -> bool {
        self.after_another && now < self.since + LASTS_MS
    }
}

/// What is kept of one adapter.
#[derive(Default)]
pub(super) struct AdapterHome {
    pub(super) allocation: Allocation,
    bucket: Option<Bucket>,
    /// Nodes that wait for tokens, the next to be given first, and until when they are waited for.
    hungry: VecDeque<(NodeId, u64)>,
    targets: BTreeMap<String, TargetHome>,
}

/// What holds for an adapter at one moment.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) breaker: Option<&'a BreakerSpec>,
    pub(super) rate: Option<RateSpec>,
    pub(super) switches: Option<&'a AdapterSwitches>,
    /// Breakers that were open when the home before ended.
    pub(super) kept: Option<&'a OpenBreakers>,
    /// By the boot-time clock, in milliseconds.
    pub(super) now: u64,
    /// Milliseconds since the epoch.
    pub(super) wall: i64,
    /// Nothing is lent yet.
    pub(super) new: bool,
}

impl Terms<'_> {
    /// Whether nothing holds the adapter's calls back, as of most.
    pub(super) fn is_free(&self) -> bool {
        let switched = self.switches.is_some_and(AdapterSwitches::hold_back);
        self.breaker.is_none() && self.rate.is_none() && !switched
    }
}

/// A breaker opened, or closed: what is to be kept of it.
pub(super) type Kept = (String, Option<OpenBreaker>);

impl AdapterHome {
    /// Hears what a node tells, gives what it wants as far as that is there, and says what changed.
    pub(super) fn exchange(
        &mut self,
        terms: Terms<'_>,
        node: NodeId,
        ask: &LimitsAsk,
    ) -> (LimitsAnswer, Vec<Kept>) {
        let mut kept = Vec::new();
        let mut answer = LimitsAnswer::default();
        if let Some(rate) = terms.rate {
            let given = self.tokens(terms, rate, node, ask.tokens);
            (answer.tokens, answer.next_in_ms) = given;
        }
        for told in &ask.targets {
            let target = self
                .targets
                .entry(told.name.clone())
                .or_insert_with(|| TargetHome::new(terms, &told.name));
            let changed = target.hear(terms, node, told);
            kept.extend(changed.map(|open| (told.name.clone(), open)));
            answer.targets.push(target.answer(terms, node, told));
        }
        (answer, kept)
    }

    /// Tokens for a node whose turn it is, and when there is another.
    fn tokens(
        &mut self,
        terms: Terms<'_>,
        rate: RateSpec,
        node: NodeId,
        wanted: Option<u32>,
    ) -> (u32, u64) {
        let now = terms.now;
        let bucket = self.bucket.get_or_insert_with(|| Bucket::new(rate, now));
        bucket.set(rate, now);
        let Some(wanted) = wanted else {
            return (0, bucket.next_in(now));
        };
        self.hungry
            .retain(|(id, until)| *id == node || *until > now);
        let place = self.hungry.iter().position(|(id, _)| *id == node);
        if wanted == 0 || terms.new {
            place.map(|place| self.hungry.remove(place));
            return (0, bucket.next_in(now));
        }
        match place {
            Some(place) => self.hungry[place].1 = now + HUNGRY_MS,
            None => self.hungry.push_back((node, now + HUNGRY_MS)),
        }
        if self.hungry.front().is_none_or(|(id, _)| *id != node) {
            return (0, bucket.next_in(now).max(1));
        }
        let others = u32::try_from(self.hungry.len()).unwrap_or(u32::MAX);
        let share = (bucket.there(now) / others).max(1);
        let given = bucket.take(now, wanted.min(share));
        if given > 0 {
            let first = self.hungry.pop_front();
            self.hungry.extend(first.filter(|_| given < wanted));
        }
        (given, bucket.next_in(now))
    }
}

/// The breaker of one target and what nodes have told of it.
struct TargetHome {
    breaker: Breaker,
    resets: u64,
    nodes: BTreeMap<NodeId, Seen>,
}

/// What a node told last.
#[derive(Clone, Copy, Default)]
struct Seen {
    calls: u64,
    failed: u64,
    round: u64,
    good: u32,
    bad: u32,
    /// Probes that it holds.
    held: u32,
    at: u64,
}

impl TargetHome {
    fn new(terms: Terms<'_>, name: &str) -> Self {
        let kept = terms.kept.and_then(|kept| kept.get(name));
        let restored = kept.map(|open| {
            let left = u64::try_from(open.until - terms.wall).unwrap_or(0);
            let lasted = u64::try_from(terms.wall - open.since).unwrap_or(0);
            let since = terms.now.saturating_sub(lasted);
            Breaker::restored(terms.now, since, terms.now + left, &open.why)
        });
        Self {
            breaker: restored.unwrap_or_else(|| Breaker::new(terms.now)),
            resets: terms.switches.map_or(0, |switches| switches.resets(name)),
            nodes: BTreeMap::new(),
        }
    }

    /// Takes in what a node tells; says what is to be kept if that changed something.
    fn hear(
        &mut self,
        terms: Terms<'_>,
        node: NodeId,
        told: &TargetAsk,
    ) -> Option<Option<OpenBreaker>> {
        let spec = terms.breaker?;
        let now = terms.now;
        self.nodes
            .retain(|id, seen| *id == node || seen.at + FORGOTTEN_MS > now);
        let resets = terms.switches.map_or(0, |found| found.resets(&told.name));
        let reset = resets != self.resets && self.breaker.reset(now);
        self.resets = resets;
        // What a node counted before this home knew of it is nobody's news.
        let first = Seen {
            calls: told.calls,
            failed: told.failed,
            ..Seen::default()
        };
        let seen = self.nodes.entry(node).or_insert(first);
        let calls = told.calls.saturating_sub(seen.calls);
        let failed = told.failed.saturating_sub(seen.failed);
        let of_round = told.round == self.breaker.round();
        let (good, bad) = match (of_round, seen.round == told.round) {
            (false, _) => (0, 0),
            (true, false) => (told.good, told.bad),
            (true, true) => (
                told.good.saturating_sub(seen.good),
                told.bad.saturating_sub(seen.bad),
            ),
        };
        *seen = Seen {
            calls: told.calls,
            failed: told.failed,
            round: told.round,
            good: told.good,
            bad: told.bad,
            held: if of_round { told.held } else { 0 },
            at: now,
        };
        let probed = self.breaker.probed(now, spec, good, bad);
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let counted = self.breaker.record(now, spec, count(calls), count(failed));
        match probed.or(counted) {
            Some(Change::Opened) => Some(Some(self.open(terms))),
            Some(Change::Closed) => Some(None),
            // It is kept as open already; only its time is another.
            Some(Change::Reopened) => None,
            None => reset.then_some(None),
        }
    }

    fn open(&self, terms: Terms<'_>) -> OpenBreaker {
        let left = self.breaker.until().saturating_sub(terms.now);
        OpenBreaker {
            since: terms.wall,
            until: terms.wall.saturating_add_unsigned(left),
            why: self.breaker.why().to_owned(),
        }
    }

    /// How the target stands, and the probes that the node may begin.
    fn answer(&mut self, terms: Terms<'_>, node: NodeId, told: &TargetAsk) -> TargetAnswer {
        let name = told.name.clone();
        let Some(spec) = terms.breaker else {
            return TargetAnswer {
                name,
                ..TargetAnswer::default()
            };
        };
        let now = terms.now;
        let state = self.breaker.state(now);
        let round = self.breaker.round();
        // Probes of a node that is gone are lost.
        let held = |seen: &Seen| match seen.round == round && seen.at + LASTS_MS > now {
            true => seen.held,
            false => 0,
        };
        let out: u32 = self.nodes.values().map(held).sum();
        let free = self.breaker.free_probes(now, spec, out);
        let probes = if terms.new { 0 } else { told.probes.min(free) };
        if let Some(seen) = self.nodes.get_mut(&node).filter(|_| probes > 0) {
            if seen.round != round {
                (seen.good, seen.bad, seen.held) = (0, 0, 0);
            }
            seen.round = round;
            seen.held += probes;
        }
        let (calls, failed) = self.breaker.counted(now, spec);
        TargetAnswer {
            name,
            state: wire_state(state) as i32,
            lasted_ms: now.saturating_sub(self.breaker.since()),
            open_for_ms: self.breaker.until().saturating_sub(now),
            round,
            probes,
            calls,
            failed,
            why: self.breaker.why().to_owned(),
        }
    }
}

fn wire_state(state: BreakerState) -> WireState {
    match state {
        BreakerState::Closed => WireState::Closed,
        BreakerState::Open => WireState::Open,
        BreakerState::HalfOpen => WireState::HalfOpen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(tokens: Option<u32>) -> LimitsAsk {
        LimitsAsk {
            tokens,
            ..LimitsAsk::default()
        }
    }

    #[test]
    fn a_report_between_two_askings_costs_no_turn() {
        let rate = RateSpec::parse("10/s", Some(3)).expect("a rate");
        let terms = |now| Terms {
            breaker: None,
            rate: Some(rate),
            switches: None,
            kept: None,
            now,
            wall: 0,
            new: false,
        };
        let (one, two) = (NodeId::from_u128(1), NodeId::from_u128(2));
        let mut home = AdapterHome::default();
        let mut given = |now, node, tokens| home.exchange(terms(now), node, &ask(tokens)).0.tokens;
        assert_eq!(given(0, one, Some(7)), 0, "it begins empty");
        assert_eq!(given(100, two, Some(1)), 0, "the other was first");
        assert_eq!(given(110, one, Some(7)), 1);
        // What the second one tells of its calls meanwhile leaves it before the first, which wants more.
        assert_eq!(given(120, two, None), 0);
        assert_eq!(given(210, one, Some(6)), 0, "it is not its turn");
        assert_eq!(given(220, two, Some(1)), 1);
        assert_eq!(given(310, one, Some(6)), 1);
        assert_eq!(given(320, two, Some(0)), 0, "it waits no more");
    }
}
