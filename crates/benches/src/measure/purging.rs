//! Many short workflows under a small retention, on both stores: the disk must stay flat once the first have been
//! purged.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::bench::{Bench, FILED};
use crate::disk::allocated_bytes;
use crate::load::{fill, input};
use crate::peers::Postgres;
use crate::report::{Line, Plot, Point, Section, Table};
use crate::served::{Database, Served};

/// How long ended instances are kept, and the span of time whose instances go together.
const KEPT: &str = "---\npolicies: { defaults: { retention: { instances: 20s } } }\n";
const ENDED_SPAN: [&str; 2] = ["--ended-span", "20s"];
/// Between two looks at the disk.
const LOOK_EVERY: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Serialize)]
struct Look {
    after_s: f64,
    mib: f64,
}

#[derive(Serialize)]
struct Soak {
    store: &'static str,
    workflows: u64,
    per_second: f64,
    looks: Vec<Look>,
    resident_mib: Option<f64>,
}

impl Soak {
    /// The most that was taken between two shares of the time.
    fn most(&self, from: f64, to: f64) -> f64 {
        let place = |share: f64| (self.looks.len() as f64 * share) as usize;
        let looks = &self.looks[place(from)..place(to)];
        looks.iter().map(|look| look.mib).fold(0.0, f64::max)
    }
}

/// Where the bytes of a store are counted.
enum Disk<'a> {
    Folder(PathBuf),
    Database(&'a Postgres, &'static str),
}

impl Disk<'_> {
    fn mib(&self) -> Result<f64> {
        let bytes = match self {
            // A file may go while the folder is walked through.
            Self::Folder(folder) => allocated_bytes(folder).or_else(|_| allocated_bytes(folder))?,
            Self::Database(postgres, name) => postgres.bytes(name)?,
        };
        Ok(bytes as f64 / 1_048_576.0)
    }
}

/// Measures it, once, on the embedded store.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let stage = bench.stage_with(&ENDED_SPAN, None, &documents()).await?;
    let disk = Disk::Folder(stage.folder().join("data"));
    let soaked = soak(&stage.served, "embedded", &disk, bench.options.soak).await?;
    section(&soaked, "purging")
}

/// Measures it, once, on PostgreSQL.
pub(super) async fn run_on_postgres(bench: &Bench) -> Result<Section> {
    let postgres = Postgres::start(&bench.options.peers).await?;
    let database = Database {
        url: postgres.fresh("soak")?,
        node: "n1".to_owned(),
    };
    let stage = bench
        .stage_with(&ENDED_SPAN, Some(database), &documents())
        .await?;
    let disk = Disk::Database(&postgres, "soak");
    let soaked = soak(&stage.served, "PostgreSQL", &disk, bench.options.soak).await?;
    section(&soaked, "purging-postgres")
}

fn documents() -> String {
    format!("{FILED}\n{KEPT}")
}

fn section(soak: &Soak, file: &'static str) -> Result<Section> {
    Ok(Section::of(soak)?.table(table(soak)).plot(plot(soak, file)))
}

async fn soak(
    served: &Served,
    store: &'static str,
    disk: &Disk<'_>,
    workflows: u64,
) -> Result<Soak> {
    let item = |number| format!(r#"{{"workflow":"filed","input":{}}}"#, input(number));
    let looks = RefCell::new(Vec::new());
    let begun = Instant::now();
    tokio::select! {
        loaded = fill(served.address, (0, workflows), item) => loaded?,
        failed = look_on(disk, begun, &looks) => return Err(failed),
    };
    let seconds = begun.elapsed().as_secs_f64();
    let client = served.client();
    let open = client.count("status=active").await?;
    ensure!(open == 0, "{open} of {workflows} have not ended");
    let soak = Soak {
        store,
        workflows,
        per_second: workflows as f64 / seconds,
        looks: looks.into_inner(),
        resident_mib: served.process().resident_mib(),
    };
    eprintln!(
        "{store}: {} workflows at {:.0}/s, {:.0} MiB at most in the last half",
        soak.workflows,
        soak.per_second,
        soak.most(0.5, 1.0)
    );
    Ok(soak)
}

/// Ends only when it fails.
async fn look_on(disk: &Disk<'_>, begun: Instant, looks: &RefCell<Vec<Look>>) -> anyhow::Error {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let mib = match disk.mib() {
            Ok(mib) => mib,
            Err(error) => return error,
        };
        let after_s = begun.elapsed().as_secs_f64();
        looks.borrow_mut().push(Look { after_s, mib });
    }
}

fn table(soak: &Soak) -> Table {
    let mut table = Table::new([
        "store",
        "workflows",
        "workflows/s",
        "most MiB of disk: second quarter",
        "third quarter",
        "last quarter",
        "server MiB at the end",
    ]);
    let most = |from, to| format!("{:.0}", soak.most(from, to));
    table.row([
        soak.store.to_owned(),
        soak.workflows.to_string(),
        format!("{:.0}", soak.per_second),
        most(0.25, 0.5),
        most(0.5, 0.75),
        most(0.75, 1.0),
        format!("{:.0}", soak.resident_mib.unwrap_or_default()),
    ]);
    table
}

fn plot(soak: &Soak, file: &'static str) -> Plot {
    let looks = soak.looks.iter();
    let line = Line {
        name: soak.store.to_owned(),
        points: looks
            .map(|look| Point::of(look.after_s, [look.mib]))
            .collect(),
    };
    Plot {
        file,
        title: format!("Disk under load with 20 s of retention, {}", soak.store),
        x: "seconds",
        y: "MiB of disk",
        logarithmic: (false, false),
        places: Vec::new(),
        lines: vec![line],
    }
}
