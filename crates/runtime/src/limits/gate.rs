//! What one node knows of an adapter's limits: whether a call may begin, and at which target.

use std::collections::BTreeMap;
use std::sync::Arc;

use adapter::{Adapter, Failure, error_type};
use definition::OnOpen;

use super::allocation::LASTS_MS;
use super::breaker::BreakerState;
use super::home::Terms;
use super::report::{LimitsAnswer, LimitsAsk, TargetAnswer, TargetAsk, WireState};
use super::terms::{Held, Lookout};
use super::view::TargetStanding;
use crate::shared::Shared;

/// The name of the target of an adapter that has no addresses.
const ONLY: &str = "default";
/// Tokens that are not used are given up after so long, in milliseconds.
const TOKENS_MS: u64 = 1_000;
/// Of the time that probes last, how much their holder uses.
const USED_PERCENT: u64 = 80;

/// A call may begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passage {
    /// At this target, by its place; none: the adapter chooses.
    pub(crate) target: Option<usize>,
    /// To be given back when it is over; none: nobody asks.
    pub(crate) ticket: Option<Ticket>,
}

/// A call that is under way at a target.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    target: Arc<str>,
    /// It is a probe of this round.
    round: Option<u64>,
}

/// What came of a call, as far as its target is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// The target answered, after so many milliseconds.
    Answered(u64),
    /// It did not, or is in trouble.
    Failed,
    /// The call did not reach it.
    Nothing,
}

/// Why a call may not begin.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It waits.
    Wait(Held),
    /// It fails at once.
    Fail(Box<Failure>),
    /// Another adapter makes it.
    Fallback(String),
}

/// What one node knows of an adapter's limits.
#[derive(Default)]
pub(crate) struct Gate {
    /// The targets by their place, of this version of the catalog.
    names: (u64, Vec<Arc<str>>),
    targets: BTreeMap<Arc<str>, Target>,
    tokens: u32,
    tokens_until: u64,
    /// When the next token may be there.
    next_at: u64,
    /// When it was last used.
    used_at: u64,
    /// A home elsewhere is about to be asked.
    to_ask: bool,
}

/// What one node knows of a target.
#[derive(Clone, Debug, Default)]
struct Target {
    running: u32,
    calls: u64,
    failed: u64,
    state: BreakerState,
    since: u64,
    until: u64,
    round: u64,
    probes: u32,
    probes_until: u64,
    /// Probes of this round that are under way.
    out: u32,
    good: u32,
    bad: u32,
    /// Calls within the window of all nodes, and failures among them.
    window: (u32, u32),
    why: String,
}

/// Where a call may go.
enum Way {
    To(usize),
    Probe(usize),
    Held(Held),
    Open(Held),
}

/// An adapter at one moment.
pub(crate) struct Desk<'a> {
    shared: &'a Shared,
    pub(super) adapter: &'a str,
    pub(super) terms: Terms<'a>,
    /// Which of the targets is taken; none: it cannot be built, which the call will say.
    connector: Option<Arc<dyn Adapter>>,
    version: u64,
}

impl<'a> Desk<'a> {
    /// What holds for an adapter, if anything does.
    pub(crate) fn at(lookout: &'a Lookout<'a>, adapter: &'a str) -> Option<Self> {
        let terms = lookout.terms(adapter);
        (!terms.is_free()).then(|| Self::of(lookout, adapter, terms))
    }

    /// The same, also where nothing holds.
    pub(crate) fn always(lookout: &'a Lookout<'a>, adapter: &'a str) -> Self {
        Self::of(lookout, adapter, lookout.terms(adapter))
    }

    fn of(lookout: &'a Lookout<'a>, adapter: &'a str, terms: Terms<'a>) -> Self {
        let (shared, catalog) = (lookout.shared, &lookout.catalog);
        let connector = shared.dispatcher.connector(shared, catalog, adapter).ok();
        Self {
            shared,
            adapter,
            terms,
            connector,
            version: catalog.version,
        }
    }
}

impl Gate {
    /// Lets a call begin, or says why not; `waiting` calls would begin with it.
    pub(crate) fn pass(&mut self, desk: &Desk<'_>, waiting: u32) -> Result<Passage, Refused> {
        if self.know(desk) {
            // From here on the home knows what this node has counted.
            self.consult(desk, None, None);
        }
        self.used_at = desk.terms.now;
        let (place, probe) = match self.way(desk, waiting) {
            Way::Held(held) => return Err(Refused::Wait(held)),
            Way::Open(held) => return Err(refused(desk, held)),
            Way::Probe(place) => (place, true),
            Way::To(place) => (place, false),
        };
        if let Some(held) = self.wait_for_token(desk) {
            return Err(Refused::Wait(held));
        }
        self.tokens = self.tokens.saturating_sub(1);
        let name = Arc::clone(&self.names.1[place]);
        let target = self.targets.entry(Arc::clone(&name)).or_default();
        target.running += 1;
        let round = probe.then_some(target.round);
        if probe {
            target.probes -= 1;
            target.out += 1;
        }
        let named = desk.connector.as_ref().is_some_and(has_targets);
        Ok(Passage {
            target: named.then_some(place),
            ticket: Some(Ticket {
                target: name,
                round,
            }),
        })
    }

    /// A call is over.
    pub(crate) fn ended(&mut self, desk: Option<&Desk<'_>>, ticket: &Ticket, came: Came) {
        let slow = desk.and_then(|desk| desk.terms.breaker?.slow_call_ms);
        let target = self.targets.entry(Arc::clone(&ticket.target)).or_default();
        target.running = target.running.saturating_sub(1);
        let of_round = ticket.round == Some(target.round);
        if of_round {
            target.out = target.out.saturating_sub(1);
        }
        let good = match came {
            Came::Nothing => None,
            Came::Failed => Some(false),
            Came::Answered(took) => Some(slow.is_none_or(|slow| took <= slow)),
        };
        match (good, of_round) {
            (None, _) => {}
            (Some(true), true) => target.good += 1,
            (Some(false), true) => target.bad += 1,
            (Some(good), false) => {
                target.calls += 1;
                target.failed += u64::from(!good);
            }
        }
        if let Some(desk) = desk.filter(|desk| desk.terms.breaker.is_some()) {
            self.consult(desk, None, None);
        }
    }

    /// When a call last came by, by the boot-time clock; 0: none did.
    pub(crate) fn used_at(&self) -> u64 {
        self.used_at
    }

    /// How the targets stand.
    pub(crate) fn standing(&mut self, desk: &Desk<'_>) -> Vec<TargetStanding> {
        self.know(desk);
        let Terms { now, wall, .. } = desk.terms;
        let of = |name: &Arc<str>| {
            let target = self.targets.get(name).cloned().unwrap_or_default();
            let state = match target.state {
                BreakerState::Open if target.until <= now => BreakerState::HalfOpen,
                state => state,
            };
            let open = state == BreakerState::Open;
            TargetStanding {
                name: name.to_string(),
                state,
                since: (target.since > 0)
                    .then(|| wall.saturating_sub_unsigned(now.saturating_sub(target.since))),
                until: open.then(|| wall.saturating_add_unsigned(target.until - now)),
                why: target.why,
                calls: target.window.0,
                failed: target.window.1,
                running: u64::from(target.running),
            }
        };
        self.names.1.iter().map(of).collect()
    }

    /// Looks up the targets again if the catalog changed; says whether there are others.
    fn know(&mut self, desk: &Desk<'_>) -> bool {
        if self.names.0 == desk.version && !self.names.1.is_empty() {
            return false;
        }
        let own = desk.connector.as_ref().map(|own| own.targets());
        let mut names = own.unwrap_or_default();
        if names.is_empty() {
            names.push(ONLY.into());
        }
        self.targets
            .retain(|name, target| names.contains(name) || target.running > 0);
        for name in &names {
            let kept = desk.terms.kept.and_then(|kept| kept.get(&**name));
            // Until its home is heard, a target is as it was kept.
            let first = || match kept {
                Some(open) => Target {
                    state: BreakerState::Open,
                    since: desk.terms.now,
                    until: desk.terms.now
                        + u64::try_from(open.until - desk.terms.wall).unwrap_or(0),
                    why: open.why.clone(),
                    ..Target::default()
                },
                None => Target::default(),
            };
            self.targets.entry(Arc::clone(name)).or_insert_with(first);
        }
        let others = self.names.1 != names;
        self.names = (desk.version, names);
        others
    }

    fn way(&mut self, desk: &Desk<'_>, waiting: u32) -> Way {
        let Terms { switches, now, .. } = desk.terms;
        let (mut closed, mut due, mut held, mut open) = (vec![], vec![], None, None::<Held>);
        for (place, name) in self.names.1.iter().enumerate() {
            if let Some(hold) = switches.and_then(|switches| switches.hold(name)) {
                held.get_or_insert_with(|| paused(desk.adapter, hold));
                continue;
            }
            if let Some(note) = switches.and_then(|switches| switches.opened(name)) {
                let what = format!(
                    "{} opened the breaker of {}: {}",
                    note.by, desk.adapter, note.reason
                );
                open.get_or_insert_with(|| breaker(what, None));
                continue;
            }
            let target = &self.targets[name];
            match target.state {
                _ if desk.terms.breaker.is_none() => closed.push(place),
                BreakerState::Closed => closed.push(place),
                BreakerState::Open if target.until > now => {
                    let earlier = open.as_ref().and_then(|open| open.until);
                    if open.is_none() || earlier.is_some_and(|until| until > target.until) {
                        open = Some(is_open(desk.adapter, name, target));
                    }
                }
                BreakerState::Open | BreakerState::HalfOpen => due.push(place),
            }
        }
        // A target that is to be probed has its turn first, or it would never recover.
        for place in due {
            if let Some(way) = self.probe(desk, place, waiting, &mut closed) {
                return way;
            }
            let name = &self.names.1[place];
            open.get_or_insert_with(|| is_open(desk.adapter, name, &self.targets[name]));
        }
        let own = desk.connector.as_ref();
        let picked = match own.filter(|_| closed.len() > 1) {
            Some(own) => own.pick(&closed),
            None => closed.first().copied(),
        };
        match (picked, open, held) {
            (Some(place), ..) => Way::To(place),
            (None, Some(open), _) => Way::Open(open),
            (None, None, Some(held)) => Way::Held(held),
            (None, None, None) => Way::To(0),
        }
    }

    /// A probe of a target whose time has come, if there is one left.
    fn probe(
        &mut self,
        desk: &Desk<'_>,
        place: usize,
        waiting: u32,
        closed: &mut Vec<usize>,
    ) -> Option<Way> {
        let name = Arc::clone(&self.names.1[place]);
        let has = |gate: &Self| gate.targets[&name].unspent(desk.terms.now) > 0;
        if !has(self) {
            self.consult(desk, None, Some((&name, waiting)));
        }
        if self.targets[&name].state == BreakerState::Closed {
            closed.push(place);
            return None;
        }
        has(self).then_some(Way::Probe(place))
    }

    /// Makes sure that there is a token, or says why there is none.
    fn wait_for_token(&mut self, desk: &Desk<'_>) -> Option<Held> {
        let rate = desk.terms.rate?;
        let now = desk.terms.now;
        if self.tokens_until <= now {
            self.tokens = 0;
        }
        if self.tokens == 0 {
            // One at a time where the home is here: nothing is taken for calls that then wait.
            self.consult(desk, Some(1), None);
        }
        (self.tokens == 0).then(|| Held {
            kind: "rate",
            what: format!("{} may be called {rate} times", desk.adapter),
            until: Some(self.next_at.max(now + 1)),
        })
    }

    /// Tells the home what came of calls and asks for what is wanted, if the home is here; otherwise it
    /// is asked soon.
    fn consult(&mut self, desk: &Desk<'_>, tokens: Option<u32>, probe: Option<(&Arc<str>, u32)>) {
        let ask = self.report(desk, tokens, probe);
        let now = desk.terms.now;
        match desk
            .shared
            .homes
            .exchange(desk.shared, desk.shared.node(), &ask)
        {
            Ok(answer) => self.take(now, now, answer),
            // Once is enough: whoever asks would wake itself.
            Err(_) if std::mem::replace(&mut self.to_ask, true) => {}
            Err(_) => desk.shared.homes.look(),
        }
    }

    /// What the home is told.
    fn report(
        &self,
        desk: &Desk<'_>,
        tokens: Option<u32>,
        probe: Option<(&Arc<str>, u32)>,
    ) -> LimitsAsk {
        let now = desk.terms.now;
        let told = |(name, target): (&Arc<str>, &Target)| TargetAsk {
            name: name.to_string(),
            calls: target.calls,
            failed: target.failed,
            round: target.round,
            held: target.out + target.unspent(now),
            good: target.good,
            bad: target.bad,
            probes: probe.map_or(0, |(of, count)| if of == name { count } else { 0 }),
        };
        LimitsAsk {
            adapter: desk.adapter.to_owned(),
            node: desk.shared.node().to_string(),
            tokens,
            targets: self.targets.iter().map(told).collect(),
        }
    }

    /// What the home is told, and asked for by a node that could begin so many calls; none where the
    /// home is here and gives to each as it begins.
    pub(crate) fn request(&mut self, desk: &Desk<'_>, ready: Option<u32>) -> LimitsAsk {
        self.know(desk);
        self.to_ask = false;
        // A token for a call that waits for a probe would be another node's to use.
        let tokens = ready.map(|ready| ready.min(self.let_through(desk)));
        let mut ask = self.report(desk, tokens, None);
        for (told, target) in ask.targets.iter_mut().zip(self.targets.values()) {
            let due = target.state != BreakerState::Closed && target.until <= desk.terms.now;
            told.probes = if due { ready.unwrap_or(0) } else { 0 };
        }
        ask
    }

    /// How many calls the breakers let through.
    fn let_through(&self, desk: &Desk<'_>) -> u32 {
        if desk.terms.breaker.is_none() {
            return u32::MAX;
        }
        let each = self.targets.values().map(|target| match target.state {
            BreakerState::Closed => u32::MAX,
            BreakerState::Open | BreakerState::HalfOpen => target.unspent(desk.terms.now),
        });
        each.fold(0, u32::saturating_add)
    }

    /// Takes what the home gave to what was asked at `sent_at`.
    pub(crate) fn take(&mut self, sent_at: u64, now: u64, answer: LimitsAnswer) {
        if self.tokens_until <= now {
            self.tokens = 0;
        }
        if answer.tokens > 0 {
            self.tokens += answer.tokens;
            self.tokens_until = sent_at + TOKENS_MS;
        }
        self.next_at = now + answer.next_in_ms;
        for told in answer.targets {
            if let Some(target) = self.targets.get_mut(told.name.as_str()) {
                target.take(sent_at, now, told);
            }
        }
    }
}

impl Target {
    /// Probes that may begin.
    fn unspent(&self, now: u64) -> u32 {
        if self.probes_until > now {
            self.probes
        } else {
            0
        }
    }

    fn take(&mut self, sent_at: u64, now: u64, told: TargetAnswer) {
        self.state = match told.state() {
            WireState::Closed => BreakerState::Closed,
            WireState::Open => BreakerState::Open,
            WireState::HalfOpen => BreakerState::HalfOpen,
        };
        self.since = now.saturating_sub(told.lasted_ms);
        self.until = now + told.open_for_ms;
        self.window = (told.calls, told.failed);
        self.why = told.why;
        if self.round != told.round {
            self.round = told.round;
            (self.probes, self.out, self.good, self.bad) = (0, 0, 0, 0);
        }
        if self.probes_until <= now {
            self.probes = 0;
        }
        if told.probes > 0 {
            self.probes += told.probes;
            self.probes_until = sent_at + LASTS_MS * USED_PERCENT / 100;
        }
    }
}

fn has_targets(connector: &Arc<dyn Adapter>) -> bool {
    !connector.targets().is_empty()
}

fn refused(desk: &Desk<'_>, held: Held) -> Refused {
    let on_open = desk.terms.breaker.map(|breaker| &breaker.on_open);
    match on_open.unwrap_or(&OnOpen::Wait) {
        OnOpen::Wait => Refused::Wait(held),
        OnOpen::Fallback(other) => Refused::Fallback(other.clone()),
        OnOpen::Fail => {
            let failure =
                Failure::retryable(error_type::CIRCUIT_OPEN, held.what, adapter::Effect::None);
            Refused::Fail(Box::new(failure))
        }
    }
}

fn breaker(what: String, until: Option<u64>) -> Held {
    Held {
        kind: "breaker",
        what,
        until,
    }
}

fn is_open(adapter: &str, name: &str, target: &Target) -> Held {
    let why = &target.why;
    match target.state {
        BreakerState::HalfOpen => {
            let what = format!("the breaker of {adapter} at {name} is half-open: probes are out");
            breaker(what, None)
        }
        BreakerState::Open | BreakerState::Closed => {
            let what = format!("the breaker of {adapter} at {name} is open: {why}");
            breaker(what, Some(target.until))
        }
    }
}

fn paused(adapter: &str, hold: &definition::Hold) -> Held {
    let definition::Note { by, reason, .. } = &hold.note;
    let verb = if hold.drain { "drained" } else { "paused" };
    Held {
        kind: "paused",
        what: format!("{by} {verb} {adapter}: {reason}"),
        until: None,
    }
}
