//! A run: one process after the other, then calm, then the reckoning.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adapter::{NoSecrets, Registry};
use definition::Diagnostic;
use engine::Id;
use runtime::{ApplyError, Bounds, Config, OpenError, Runtime, Surroundings, TokioClock};
use store::StoreError;

use super::adapter::Simulated;
use super::faults::Faults;
use super::life::Life;
use super::outside::Outside;
use super::settle::{all_ended, check_all};
use super::store::SimulatedStore;
use super::surroundings::{Parts, World, lock};
use super::truth::{Limits, Truth};
use super::{Planted, clients};
use crate::coverage::Coverage;
use crate::finding::Finding;
use crate::random::Random;
use crate::workload::generate;

/// The world begins at this time, milliseconds since the epoch.
pub(super) const BEGINNING: i64 = 1_767_225_600_000;
/// Commands from inside that may wait for one instance beyond its bound.
pub(super) const INSIDE: usize = 50;
/// A call may already be on its way when a callback answers it: for so long, in milliseconds.
const ON_ITS_WAY_MS: i64 = 100;
/// No process takes longer to open, in the world's time.
const LONGEST_OPENING: Duration = Duration::from_secs(3_600);
/// No run has more processes.
const MOST_LIVES: usize = 400;
/// After so many the storm is over: where hardly a process comes to open, its end would never be reached.
const STORMY_LIVES: usize = 300;

/// How a run of the world goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorldPlan {
    /// Prints what happens.
    pub talk: bool,
    /// A fault that must be found.
    pub(crate) planted: Option<Planted>,
}

impl WorldPlan {
    /// A plain run that prints what happens or not.
    pub fn talking(talk: bool) -> Self {
        Self {
            talk,
            ..Self::default()
        }
    }
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct WorldRun {
    /// What it has been through.
    pub coverage: Coverage,
    /// Of everything that became durable, was called or crashed, in order.
    pub digest: String,
    /// Instances.
    pub instances: usize,
    /// Records.
    pub records: usize,
}

/// Runs the world under a seed.
///
/// # Errors
/// With what must never be.
pub fn run(seed: u64, plan: WorldPlan) -> Result<WorldRun, Finding> {
    run_paused(live(seed, plan))
}

/// Runs a world on one thread, in a time that jumps from event to event.
pub(super) fn run_paused(
    world: impl Future<Output = Result<WorldRun, Finding>>,
) -> Result<WorldRun, Finding> {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| Finding(format!("no tokio runtime: {error}")))?;
    tokio.block_on(world)
}

/// What only the main line of a run draws from and decides.
struct Lives {
    world: Arc<World>,
    random: Random,
    config: Config,
    storm_ends: tokio::time::Instant,
    /// The process that runs.
    life: Arc<Life>,
}

async fn live(seed: u64, plan: WorldPlan) -> Result<WorldRun, Finding> {
    let mut random = Random::new(seed);
    let workload = generate(&mut random.fork());
    let catalog = workload.catalog().map_err(|found| unfit(&found))?;
    let config = config(&mut random);
    let faults = faults(&mut random, plan.planted);
    if plan.talk {
        println!("{}\n{faults:?}\n{:?}", workload.text, config.bounds);
    }
    // What waited for an instance goes into one batch when that is loaded; what came from inside is
    // never refused.
    let limits = Limits {
        partitions: config.partitions,
        batch_commands: config.bounds.batch_commands + config.bounds.waiting_per_instance + INSIDE,
        on_its_way_ms: ON_ITS_WAY_MS,
        calls_repeat: false,
    };
    let truth = Truth::new(catalog, limits, plan.talk);
    let world = World::new(Parts {
        plan,
        faults,
        workload,
        clock: TokioClock::starting_at(BEGINNING),
        truth,
        outside: Outside::new(random.fork()),
        chance: random.fork(),
        patience: None,
    });
    let storm_ms = random.between(2_000, 90_000);
    clients::send(&world, &mut random, storm_ms);
    let storm_ends = tokio::time::Instant::now() + Duration::from_millis(storm_ms);
    let mut lives = Lives {
        life: world.begin(),
        world,
        random,
        config,
        storm_ends,
    };
    lives.go_on().await?;
    Ok(report(&lives.world))
}

pub(super) fn unfit(found: &[Diagnostic]) -> Finding {
    let found: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
    Finding(format!("the workload does not compile: {found:?}"))
}

/// What every process works with but for its store: a clock, adapters, and an end.
pub(super) fn surroundings(world: &Arc<World>, life: &Arc<Life>, seed: u64) -> Surroundings {
    let (fatal_world, fatal_life) = (Arc::clone(world), Arc::clone(life));
    let simulated = Simulated {
        world: Arc::clone(world),
        life: Arc::clone(life),
    };
    Surroundings {
        store: Arc::new(SimulatedStore::of(world, life)),
        kinds: Registry::default().with(simulated),
        clock: Arc::new(world.clock),
        secrets: Arc::new(NoSecrets),
        cluster: None,
        seed,
        log_filter: None,
        on_fatal: Arc::new(move |_reason| fatal_world.crash(&fatal_life, "crash: fatal")),
    }
}

/// Applies the workload where the catalog lacks it; false when the process ended meanwhile.
pub(super) async fn apply(world: &World, life: &Life, runtime: &Runtime) -> Result<bool, Finding> {
    if !runtime.catalog().workflows.is_empty() {
        return Ok(true);
    }
    let (set, _) = world.workload.resources();
    let plan = |base: &definition::Catalog| set.apply_to(base, &definition::no_settings_check);
    let applied = life.unless_ended(runtime.apply("operator", "simulated", plan));
    match applied.await {
        Some(Ok(_)) => Ok(true),
        Some(Err(ApplyError::Unavailable(_))) | None => Ok(false),
        Some(Err(ApplyError::Refused(found))) => Err(unfit(&found)),
    }
}

/// Planted faults need the weather in which they show.
fn faults(random: &mut Random, planted: Option<Planted>) -> Faults {
    let drawn = Faults::draw(random);
    match planted {
        Some(Planted::LostTimer | Planted::DoubleApply) => Faults { crash: 30, ..drawn },
        Some(Planted::TrimPastSynced) => Faults {
            crash: 30,
            power_loss: 100,
            ..drawn
        },
        _ => drawn,
    }
}

/// Small bounds, so that they are reached.
pub(super) fn config(random: &mut Random) -> Config {
    let partitions = u16::try_from(random.between(1, 4)).unwrap_or(1);
    let defaults = Bounds::default();
    let bounds = Bounds {
        batch_commands: random.count(1, 20),
        hot_instances: random.count(0, 6),
        waiting_per_instance: random.count(2, 50),
        door_commands: random.count(3, 50),
        near_timers: random.count(1, 40),
        timer_window_ms: i64::try_from(random.between(500, 60_000)).unwrap_or(500),
        adapter_concurrency: u32::try_from(random.between(1, 8)).unwrap_or(1),
        ramp_start: u32::try_from(random.between(1, 3)).unwrap_or(1),
        checkpoint_bytes: random.count(200, 20_000),
        checkpoint_every_ms: random.between(500, 60_000),
        purge_every_ms: 1_000,
        blobs_kept_ms: 2_000,
        ..defaults
    };
    let callback_base = Some("http://simulated.invalid".to_owned());
    Config {
        bounds,
        callback_base,
        ..Config::embedded("dev", partitions)
    }
}

impl Lives {
    /// One process after the other, until everything has ended.
    async fn go_on(&mut self) -> Result<(), Finding> {
        for life in 0..MOST_LIVES {
            if life == STORMY_LIVES {
                self.calm_down();
            }
            if let Some(runtime) = self.begin().await? {
                let over = self.live_on(&runtime).await?;
                self.end(&runtime).await;
                if over {
                    return self.reckon().await;
                }
            } else {
                self.lose_power().await;
            }
            self.found()?;
        }
        Err(Finding(format!("not over after {MOST_LIVES} processes")))
    }

    fn found(&self) -> Result<(), Finding> {
        match &self.world.truth().finding {
            Some(finding) => Err(finding.clone()),
            None => Ok(()),
        }
    }

    /// Starts a process; none where it ended before it was ready.
    async fn begin(&mut self) -> Result<Option<Runtime>, Finding> {
        self.life = self.world.begin();
        let (world, life) = (&self.world, &self.life);
        let with = surroundings(world, life, self.random.bits());
        world.log("a process begins");
        let opening = life.unless_ended(Runtime::open(self.config.clone(), with));
        let opened = tokio::time::timeout(LONGEST_OPENING, opening).await;
        let late = |_| Finding(format!("not open within {LONGEST_OPENING:?}"));
        let runtime = match opened.map_err(late)? {
            Some(Ok(runtime)) => runtime,
            Some(Err(
                OpenError::Fenced(_)
                | OpenError::Store(StoreError::Unavailable(_) | StoreError::Io { .. }),
            )) => {
                world.truth().coverage.hit("runtime: does not open for now");
                tokio::time::sleep(Duration::from_millis(50)).await;
                life.end();
                return Ok(None);
            }
            Some(Err(error)) => return Err(Finding(format!("the runtime does not open: {error}"))),
            None => return Ok(None),
        };
        if !self.apply(&runtime).await? {
            self.end(&runtime).await;
            return Ok(None);
        }
        self.world.opened(&self.life, runtime.clone());
        Ok(Some(runtime))
    }

    fn calm_down(&self) {
        if !self.world.calm.swap(true, Ordering::Relaxed) {
            self.world.log("calm");
        }
    }

    async fn apply(&self, runtime: &Runtime) -> Result<bool, Finding> {
        apply(&self.world, &self.life, runtime).await
    }

    /// Lives until the process ends, or everything has: true then.
    async fn live_on(&mut self, runtime: &Runtime) -> Result<bool, Finding> {
        self.check_recovered(runtime).await?;
        if self.has_ended() {
            return Ok(false);
        }
        if !self.world.is_calm() {
            loop {
                let step = tokio::time::Instant::now() + Duration::from_millis(700);
                let step = tokio::time::sleep_until(step.min(self.storm_ends));
                let goes_on = self.life.unless_ended(step).await.is_some();
                if !goes_on || !runtime.health().ready {
                    return Ok(false);
                }
                if tokio::time::Instant::now() >= self.storm_ends {
                    break;
                }
            }
            self.calm_down();
        }
        let all_ended = all_ended(&self.world, runtime, &mut self.random);
        let over = self.life.unless_ended(all_ended).await;
        if !over.unwrap_or(Ok(false))? {
            return Ok(false);
        }
        let checked = self
            .life
            .unless_ended(check_all(&self.world, runtime))
            .await;
        checked.map_or(Ok(false), |checked| checked.map(|()| true))
    }

    fn has_ended(&self) -> bool {
        self.life.has_ended()
    }

    /// What comes back is what was durable.
    async fn check_recovered(&mut self, runtime: &Runtime) -> Result<(), Finding> {
        let ids: Vec<Id> = self.world.truth().histories.keys().copied().collect();
        for id in ids.iter().filter(|_| self.random.chance(30)) {
            match self.life.unless_ended(runtime.instance(*id)).await {
                Some(Ok(instance)) => self.world.truth().shown(&instance)?,
                Some(Err(runtime::CommandError::NotFound(id))) => {
                    return Err(Finding(format!("{id} was durable, but is lost")));
                }
                Some(Err(_)) | None => return Ok(()),
            }
        }
        Ok(())
    }

    /// The process ends: gracefully, or as if it was killed.
    async fn end(&mut self, runtime: &Runtime) {
        self.world.closed(&self.life);
        let alive = runtime.health().ready && !self.has_ended();
        if alive && self.random.chance(50) {
            let _alone = self.world.reading.lock().await;
            self.life.unless_ended(runtime.shutdown()).await;
            self.world.truth().coverage.hit("shutdown");
        }
        runtime.abort();
        self.lose_power().await;
    }

    async fn lose_power(&mut self) {
        self.life.end();
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        if !self.world.strikes(self.world.faults.power_loss) {
            return;
        }
        let disk = std::mem::take(&mut *lock(&self.world.disk));
        let (store, lost) = disk.after_power_loss().await;
        let mut disk = disk;
        disk.replace(store);
        *lock(&self.world.disk) = disk;
        let what = if lost > 0 {
            "power loss: state rolled back"
        } else {
            "power loss"
        };
        self.world.truth().coverage.hit(what);
        self.world.log(what);
    }

    /// Everything has ended and was checked: once more, from what is stored alone.
    async fn reckon(&mut self) -> Result<(), Finding> {
        self.found()?;
        let Some(runtime) = self.begin().await? else {
            return Err(Finding(
                "the store does not open when all is calm".to_owned(),
            ));
        };
        let checked = self
            .life
            .unless_ended(check_all(&self.world, &runtime))
            .await;
        runtime.abort();
        self.found()?;
        checked.unwrap_or_else(|| Err(Finding("the process ends when all is calm".to_owned())))
    }
}

/// What a run came to.
pub(super) fn report(world: &World) -> WorldRun {
    let mut truth = world.truth();
    let ended: Vec<&'static str> = truth
        .histories
        .values()
        .map(|history| history.fold.status().as_str())
        .collect();
    ended.iter().for_each(|status| truth.coverage.hit(status));
    WorldRun {
        coverage: truth.coverage.clone(),
        digest: truth.digest.finalize().to_hex().to_string(),
        instances: truth.histories.len(),
        records: truth
            .histories
            .values()
            .map(|history| history.records.len())
            .sum(),
    }
}
