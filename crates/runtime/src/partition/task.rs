//! The partition's task: take, decide, commit, and only then act.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::codec::Packer;
use engine::{Command, Entropy, Id, Plans, TimerKind};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use store::{Epoch, PartitionId, Position};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::batch::Forming;
use super::commit::{AppendFailed, Closed};
use super::delete::Deleted;
use super::hot::HotSet;
use super::keys::KeyLoads;
use super::letters::LetterLoads;
use super::mailbox::{Door, Inbox, Internal, Port};
use super::messages::Arrivals;
use super::operations::Drivers;
use super::repeated::Repeated;
use super::slots::SlotState;
use super::timers::NearTimers;
use super::watch::Watchers;
use super::work::Work;
use crate::clock::steady_now;
use crate::dispatch::TaskResult;
use crate::events::EventOrder;
use crate::shared::Shared;
use crate::turns::Turns;

/// What recovery found and a partition goes on from.
pub(crate) struct Opened {
    pub(crate) epoch: Epoch,
    /// The last durable position.
    pub(crate) head: Position,
    /// How often its projection had been refused before it was taken over.
    pub(crate) refused: u64,
    /// The checksum of the batch there.
    pub(crate) chain: u32,
    /// The time of its last record.
    pub(crate) last_at: i64,
    pub(crate) hot: HotSet,
    pub(crate) slots: SlotState,
    pub(crate) turns: Turns,
    /// Timers of instances that were recovered from the journal's tail.
    pub(crate) timers: NearTimers,
}

/// A batch under way.
pub(super) struct InFlight {
    pub(super) closed: Closed,
    /// When the store was given it.
    pub(super) begun: Instant,
    append: BoxFuture<'static, Result<(), AppendFailed>>,
}

/// One writer over the instances of a range of slots.
pub(crate) struct Partition {
    pub(super) shared: Arc<Shared>,
    pub(super) index: u16,
    pub(super) epoch: Epoch,
    pub(super) committed: Position,
    pub(super) chain: u32,
    pub(super) last_at: i64,
    pub(super) projected: Position,
    pub(super) forming: Forming,
    pub(super) in_flight: Option<InFlight>,
    pub(super) hot: HotSet,
    pub(super) loading: BTreeMap<Id, VecDeque<Work>>,
    pub(super) slots: SlotState,
    pub(super) turns: Turns,
    pub(super) key_loads: KeyLoads,
    pub(super) letter_loads: LetterLoads,
    pub(super) arrivals: Arrivals,
    pub(super) timers: NearTimers,
    pub(super) watchers: Watchers,
    pub(super) deleted: Deleted,
    pub(super) repeated: Repeated,
    pub(super) entropy: Entropy,
    pub(super) plans: Plans,
    pub(super) packer: Packer,
    pub(super) drivers: Drivers,
    /// What follows from windows that are due is worked out.
    pub(super) closing_windows: bool,
    /// Results that came together and wait for room in a batch.
    results: VecDeque<TaskResult>,
    /// Events that came together and wait for room in a batch.
    events: VecDeque<EventOrder>,
    inbox: Inbox,
    drains: Vec<oneshot::Sender<()>>,
    /// Nothing new is taken, and it ends when nothing waits.
    closing: bool,
}

/// How often a partition looks whether it may let timers fire again, in milliseconds.
const PAUSED_LOOK_MS: i64 = 500;

/// What the loop woke up for.
enum Woken {
    Appended(Result<(), AppendFailed>),
    Internal(Internal),
    Door(usize, Door),
    Time,
    Closed,
}

impl Partition {
    /// A partition that goes on from what recovery found.
    pub(crate) fn new(shared: Arc<Shared>, index: u16, opened: Opened, inbox: Inbox) -> Self {
        let entropy = Entropy::new(shared.random());
        Self {
            index,
            epoch: opened.epoch,
            committed: opened.head,
            chain: opened.chain,
            last_at: opened.last_at,
            projected: 0,
            forming: Forming::default(),
            in_flight: None,
            hot: opened.hot,
            loading: BTreeMap::new(),
            slots: opened.slots,
            turns: opened.turns,
            key_loads: KeyLoads::default(),
            letter_loads: LetterLoads::default(),
            arrivals: Arrivals::default(),
            timers: opened.timers,
            watchers: Watchers::default(),
            deleted: Deleted::default(),
            repeated: Repeated::since(shared.clock.now_ms(), shared.cluster.is_none()),
            entropy,
            plans: Plans::default(),
            packer: Packer::default(),
            drivers: Drivers::default(),
            closing_windows: false,
            results: VecDeque::new(),
            events: VecDeque::new(),
            inbox,
            drains: Vec::new(),
            closing: false,
            shared,
        }
    }

    /// Runs until the partition is closed (then true), is fenced, storage fails, or the runtime goes.
    pub(crate) async fn run(mut self) -> bool {
        self.port().set_open(true);
        self.drive_operations();
        self.drive_schedules();
        loop {
            self.read_timers();
            let woken = self.wake().await;
            if !self.on_woken(woken) {
                break;
            }
            self.take_what_waits();
            self.close_windows();
            self.start_append();
            self.answer_drains();
            if self.closing && self.is_idle() && self.inbox.door.is_empty() {
                break;
            }
        }
        self.port().set_open(false);
        self.show_nothing();
        self.closing && self.is_idle()
    }

    pub(super) fn port(&self) -> &Port {
        &self.shared.ports[usize::from(self.index)]
    }

    pub(super) fn id(&self) -> PartitionId {
        PartitionId(self.index)
    }

    /// The owner's time: never below the last record's.
    pub(super) fn now(&self) -> i64 {
        self.last_at.max(self.shared.clock.now_ms())
    }

    /// The position of the batch that forms.
    pub(super) fn forming_position(&self) -> Position {
        self.committed + 1 + u64::from(self.in_flight.is_some())
    }

    /// The last batch that what is decided now may have seen something of.
    pub(super) fn seen(&self) -> Position {
        self.forming_position() - u64::from(self.forming.is_empty())
    }

    async fn wake(&mut self) -> Woken {
        let full = self.is_full();
        let own_work = self.has_own_work();
        let paused = self.shared.dispatcher.is_paused();
        let at_least_ms = if paused { PAUSED_LOOK_MS } else { 0 };
        let sleep_ms = self
            .timers
            .next_at()
            .min(self.windows_due_at())
            .saturating_sub(self.shared.clock.now_ms())
            .max(at_least_ms);
        let sleep = Duration::from_millis(u64::try_from(sleep_ms).unwrap_or(0));
        let appended = async {
            match &mut self.in_flight {
                Some(in_flight) => (&mut in_flight.append).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            done = appended => Woken::Appended(done),
            () = std::future::ready(()), if !full && own_work => Woken::Time,
            internal = self.inbox.internal.recv(), if !full => {
                internal.map_or(Woken::Closed, Woken::Internal)
            }
            () = tokio::time::sleep(sleep), if !full && sleep_ms < i64::MAX / 2 => Woken::Time,
            door = self.inbox.door.recv(), if !full => {
                door.map_or(Woken::Closed, |(bytes, door)| Woken::Door(bytes, door))
            }
        }
    }

    /// Whether there is something to do that nobody has to bring.
    fn has_own_work(&self) -> bool {
        !self.results.is_empty() || !self.events.is_empty() || self.turns.has_due()
    }

    /// Answers whether the partition goes on.
    fn on_woken(&mut self, woken: Woken) -> bool {
        match woken {
            Woken::Appended(Ok(())) => self.on_committed(),
            Woken::Appended(Err(failed)) => return self.on_append_failed(failed),
            Woken::Internal(internal) => self.on_internal(internal),
            Woken::Door(bytes, door) => self.on_door(bytes, door),
            Woken::Time => {}
            Woken::Closed => return false,
        }
        true
    }

    fn on_append_failed(&mut self, failed: AppendFailed) -> bool {
        let partition = self.index;
        match failed {
            AppendFailed::Fenced => {
                tracing::warn!(
                    partition,
                    "another process took the partition over; closing it"
                );
            }
            AppendFailed::Storage(error) => {
                self.shared
                    .fatal(format!("partition {partition} could not commit: {error}"));
            }
        }
        false
    }

    fn is_full(&self) -> bool {
        let bounds = &self.shared.config.bounds;
        self.in_flight.is_some()
            && (self.forming.commands >= bounds.batch_commands
                || self.forming.bytes() >= bounds.batch_bytes)
    }

    /// Takes what waits, what comes from inside first, until the batch is full or took its time.
    fn take_what_waits(&mut self) {
        let bounds = &self.shared.config.bounds;
        let (commands, bytes) = (bounds.batch_commands, bounds.batch_bytes);
        let until = self
            .shared
            .clock
            .now_ms()
            .saturating_add(bounds.batch_deciding_ms);
        while self.forming.commands < commands && self.forming.bytes() < bytes {
            let now = self.shared.clock.now_ms();
            if now >= until {
                break;
            }
            if let Some(result) = self.results.pop_front() {
                self.on_result(result);
            } else if let Ok(internal) = self.inbox.internal.try_recv() {
                self.on_internal(internal);
            } else if self.fire_timer(now) || self.give_turn() {
                self.forming.commands += 1;
            } else if let Some(event) = self.events.pop_front() {
                self.forming.commands += 1;
                self.on_event(event);
            } else if let Ok((bytes, door)) = self.inbox.door.try_recv() {
                self.on_door(bytes, door);
            } else {
                break;
            }
        }
    }

    fn fire_timer(&mut self, now: i64) -> bool {
        if self.shared.dispatcher.is_paused() {
            return false;
        }
        let Some((id, key)) = self.timers.pop_due(now) else {
            return false;
        };
        if key.kind != TimerKind::Continue {
            let late = u64::try_from(now - key.due_at).unwrap_or(0);
            let stats = &self.shared.stats;
            stats
                .timer_lateness_ms_max
                .fetch_max(late, Ordering::Relaxed);
            let late = Duration::from_millis(late);
            stats.histograms.timer_lateness_us.add_duration(late);
        }
        crate::health::add(&self.shared.stats.timers_fired, 1);
        let command = match key.kind {
            TimerKind::Continue => Command::Continue,
            _ => Command::Timer(key),
        };
        self.work(id, Work::own(command, "timer"));
        true
    }

    fn on_internal(&mut self, internal: Internal) {
        // Of results that come together each counts when its turn comes.
        self.forming.commands += usize::from(!matches!(internal, Internal::Results(_)));
        match internal {
            Internal::Results(results) => self.results.extend(results),
            Internal::Work { id, work } => self.work(id, work),
            Internal::Message(message) => self.on_message(*message),
            Internal::Acknowledged(taken) => self.on_acknowledged(taken),
            Internal::Loaded { id, found } => self.on_loaded(id, found),
            Internal::KeyLoaded { key, found } => self.on_key_loaded(key, found),
            Internal::TimersLoaded(page) => self.on_timers(page),
            Internal::Projected(position) => self.on_projected(position),
            Internal::Drain(done) => self.drains.push(done),
            Internal::Close => {
                self.port().set_open(false);
                self.closing = true;
            }
            Internal::Redeliver => self.redeliver(),
            Internal::Output(asked) => self.on_output(*asked),
            Internal::Letter(order) => self.on_letter(*order),
            Internal::LetterLoaded { id, found } => self.on_letter_loaded(id, found),
            Internal::Operation(asked) => self.on_operation(*asked),
            Internal::Schedule(asked) => self.on_schedule(*asked),
            Internal::Windows(orders) => self.on_windows(orders),
            Internal::Prepared(prepared) => self.on_prepared(*prepared),
        }
    }

    fn on_result(&mut self, result: TaskResult) {
        self.forming.commands += 1;
        let TaskResult { id, task, outcome } = result;
        self.work(id, Work::own(Command::Result { task, outcome }, "task"));
    }

    fn on_door(&mut self, bytes: usize, door: Door) {
        // Of events that come together each counts when its turn comes.
        self.forming.commands += usize::from(!matches!(door, Door::Events(_)));
        self.inbox.left(bytes);
        match door {
            Door::Start(request) => self.on_start(*request),
            Door::Events(events) => self.events.extend(events),
            Door::Work { id, work } => self.work(id, work),
        }
    }

    fn start_append(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        if self.forming.is_empty() {
            self.forming.commands = 0;
            return;
        }
        let closed = self.close_batch();
        let append = super::commit::append(Arc::clone(&self.shared), closed.append.clone()).boxed();
        self.in_flight = Some(InFlight {
            closed,
            begun: steady_now(),
            append,
        });
    }

    /// Runs `release` once the batch at `position` is durable.
    pub(super) fn release_after(
        &mut self,
        position: Position,
        release: impl FnOnce() + Send + 'static,
    ) {
        if position <= self.committed {
            // No commit shows that the partition still is ours: the lease must.
            if self.shared.may_answer(self.index) {
                release();
            }
        } else if let Some(in_flight) = self
            .in_flight
            .as_mut()
            .filter(|_| position == self.committed + 1)
        {
            in_flight.closed.free.releases.push(Box::new(release));
        } else {
            self.forming.free.releases.push(Box::new(release));
        }
    }

    fn on_projected(&mut self, position: Position) {
        self.projected = self.projected.max(position);
        self.slots.projected(position);
        for id in self.deleted.projected(position) {
            self.hot.remove(id);
        }
        self.timers.forget_written(position);
        self.evict(usize::MAX);
        self.show_load();
    }

    /// Shows those who watch how much there is in memory.
    pub(super) fn show_load(&self) {
        let port = self.port();
        port.hot.store(self.hot.len(), Ordering::Relaxed);
        port.timers.store(self.timers.len(), Ordering::Relaxed);
        port.internal_waiting
            .store(self.inbox.internal.len(), Ordering::Relaxed);
        self.show_turns();
    }

    /// Lets idle instances go while there are too many, looking at no more than `limit`.
    pub(super) fn evict(&mut self, limit: usize) {
        let now = self.shared.clock.now_ms();
        let bounds = &self.shared.config.bounds;
        let gone = self.hot.evict(self.projected, now, bounds, limit);
        crate::health::add(&self.shared.stats.evictions, gone);
    }

    /// A closed partition holds nothing.
    fn show_nothing(&self) {
        let port = self.port();
        let shown = [
            &port.hot,
            &port.timers,
            &port.internal_waiting,
            &port.turns_waiting,
            &port.windows,
        ];
        for shown in shown {
            shown.store(0, Ordering::Relaxed);
        }
    }

    fn is_idle(&self) -> bool {
        self.in_flight.is_none()
            && self.forming.is_empty()
            && self.loading.is_empty()
            && self.key_loads.is_empty()
            && self.letter_loads.is_empty()
            && !self.has_own_work()
            && self.inbox.internal.is_empty()
    }

    fn answer_drains(&mut self) {
        if self.is_idle() {
            self.drains.drain(..).for_each(|done| {
                let _gone = done.send(());
            });
        }
    }
}
