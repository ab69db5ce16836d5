//! Seeds side by side.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use simulator::model::{self, ModelPlan};
use simulator::world::{self, WorldPlan, WorldRun};
use simulator::{Coverage, Finding};

use crate::{Arguments, Part};

/// What runs one seed of a world.
type World = fn(u64, WorldPlan) -> Result<WorldRun, Finding>;

/// A run that found something.
pub(crate) struct Found {
    pub(crate) seed: u64,
    pub(crate) part: &'static str,
    pub(crate) what: Finding,
}

impl Found {
    /// What shows the run again, step by step.
    pub(crate) fn command(&self) -> String {
        again(self.seed, self.part)
    }
}

fn again(seed: u64, part: &str) -> String {
    format!("cargo run --release -p simulator -- --seeds 1 --seed {seed} --only {part} --talk")
}

/// What all runs came to.
#[derive(Default)]
pub(crate) struct Ran {
    pub(crate) seeds: u64,
    pub(crate) instances: usize,
    pub(crate) records: usize,
    pub(crate) seconds: f64,
    pub(crate) coverage: Coverage,
    pub(crate) found: Vec<Found>,
}

thread_local! {
    /// What this thread runs: a panic names it.
    static RUNNING: Cell<(u64, &'static str)> = const { Cell::new((0, "engine")) };
}

/// Runs all seeds, or those up to the first finding.
pub(crate) fn run(arguments: &Arguments) -> Ran {
    name_seed_in_panics();
    let begun = Instant::now();
    let (next, stop, ran) = (
        AtomicU64::new(0),
        AtomicBool::new(false),
        Mutex::new(Ran::default()),
    );
    let jobs = if arguments.talk {
        1
    } else {
        arguments.jobs.max(1)
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| work(arguments, &next, &stop, &ran, begun));
        }
    });
    let mut ran = ran.into_inner().unwrap_or_default();
    ran.seconds = begun.elapsed().as_secs_f64();
    ran
}

fn name_seed_in_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        before(panic);
        let (seed, part) = RUNNING.get();
        println!(
            "seed {seed}, {part}: a panic\n  see it again: {}",
            again(seed, part)
        );
    }));
}

fn work(
    arguments: &Arguments,
    next: &AtomicU64,
    stop: &AtomicBool,
    ran: &Mutex<Ran>,
    begun: Instant,
) {
    let mut own = Ran::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= arguments.seeds || stop.load(Ordering::Relaxed) {
            break;
        }
        one(arguments, arguments.seed + number, &mut own);
        if !own.found.is_empty() {
            stop.store(true, Ordering::Relaxed);
        }
        if number > 0 && number.is_multiple_of(500) {
            let seconds = begun.elapsed().as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
            let rate = number as f64 / seconds;
            eprintln!("{number} seeds, {rate:.0} a second");
        }
    }
    if let Ok(mut ran) = ran.lock() {
        ran.add(own);
    }
}

fn one(arguments: &Arguments, seed: u64, ran: &mut Ran) {
    ran.seeds += 1;
    if arguments.runs(Part::Engine) {
        RUNNING.set((seed, "engine"));
        match model::run(seed, ModelPlan::talking(arguments.talk)) {
            Ok(run) => ran.coverage.merge(&run.coverage),
            Err(what) => ran.found.push(Found {
                seed,
                part: "engine",
                what,
            }),
        }
    }
    let worlds: [(Part, &'static str, World); 2] = [
        (Part::Runtime, "runtime", world::run),
        (Part::Cluster, "cluster", world::run_cluster),
    ];
    for (part, name, run) in worlds {
        if !arguments.runs(part) {
            continue;
        }
        RUNNING.set((seed, name));
        match run(seed, WorldPlan::talking(arguments.talk)) {
            Ok(run) => {
                ran.coverage.merge(&run.coverage);
                ran.instances += run.instances;
                ran.records += run.records;
            }
            Err(what) => ran.found.push(Found {
                seed,
                part: name,
                what,
            }),
        }
    }
}

impl Ran {
    fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.instances += other.instances;
        self.records += other.records;
        self.coverage.merge(&other.coverage);
        self.found.extend(other.found);
    }
}
