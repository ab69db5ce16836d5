//! What copies cost and save: commits while a backup is made or an archive is kept, how much a crash loses that has
//! only the archive left, and how long the way back takes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use api::{InstanceSummary, Page};
use serde::Serialize;
use tokio::process::Command as Spawned;

use crate::bench::{Bench, THREE_STEPS};
use crate::load::{Expect, Requests, Shape, Steady, Until, closed_loop, counted, steady};
use crate::report::{Section, Table, cell};
use crate::spread::Spread;

/// A load of single requests: what a slower commit does shows in it at once.
const SHAPE: Shape = Shape::single(64);
/// Instances that are there before.
const FILLED: Shape = Shape::batches(4, 500);
/// Longer than the machine lives.
const LOST: Duration = Duration::from_secs(3_600);

#[derive(Default, Serialize)]
struct Figures {
    plain: Vec<Steady>,
    backing_up: Vec<Steady>,
    /// Backups that were made during one run.
    backups: Vec<f64>,
    archiving: Vec<Steady>,
    recoveries: Vec<Recovery>,
}

/// The way back from the archive, after the machine was lost.
#[derive(Clone, Copy, Serialize)]
struct Recovery {
    /// From the start of the newest instance that came back to the loss, while 64 clients started others.
    lost_s: f64,
    instances: u64,
    restore_s: f64,
    /// From the start of the restored store to its readiness.
    ready_s: f64,
}

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let mut figures = Figures::default();
    for repeat in 0..bench.options.repeats {
        under_backups(bench, &mut figures).await?;
        under_an_archive(bench, &mut figures).await?;
        let rate = |samples: &[Steady]| samples.last().map_or(0.0, |one| one.per_second);
        let back = figures.recoveries[repeat];
        bench.tell(
            "copies",
            repeat,
            &format!(
                "{:.0}/s, {:.0}/s while backups are made, {:.0}/s with an archive; {:.2} s lost, {:.1} s to restore",
                rate(&figures.plain),
                rate(&figures.backing_up),
                rate(&figures.archiving),
                back.lost_s,
                back.restore_s
            ),
        );
    }
    Ok(Section::of(&figures)?
        .table(commits(&figures))
        .table(recoveries(&figures.recoveries)))
}

async fn under_backups(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let stage = bench.stage(THREE_STEPS).await?;
    let served = &stage.served;
    let many = Requests::new("three-steps", FILLED, Expect::Completed);
    let batches = Until::Sent(bench.scaled(200_000, 20_000) / FILLED.batch);
    closed_loop(served.address, FILLED.connections, &many, batches).await?;
    let requests = Requests::new("three-steps", SHAPE, Expect::Completed);
    let (warming, lasting) = bench.short_times();
    let plain = steady(served, SHAPE, &requests, (warming, lasting)).await?;
    figures.plain.push(plain);
    let server = format!("http://{}", served.address);
    let vaults = stage.folder().join("vaults");
    let mut made = 0;
    let backups = async {
        loop {
            let vault = format!("file://{}", vaults.join(made.to_string()).display());
            let mut command = Spawned::new(bench.binary());
            command
                .args(["--server", &server, "backup", "create", "--to", &vault])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .kill_on_drop(true);
            let status = command.status().await?;
            ensure!(
                status.success(),
                "expected a backup to be made, but it ended with {status}"
            );
            made += 1;
        }
    };
    let backing_up = tokio::select! {
        sample = counted(served, SHAPE, &requests, Until::Over(lasting)) => sample?,
        failed = backups => return failed,
    };
    figures.backing_up.push(backing_up);
    figures.backups.push(f64::from(made));
    Ok(())
}

async fn under_an_archive(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let vault = bench.folder()?;
    let archive = format!("file://{}", vault.path().canonicalize()?.display());
    let stage = bench
        .stage_with(&["--archive", &archive], None, THREE_STEPS)
        .await?;
    let served = stage.served;
    let requests = Requests::new("three-steps", SHAPE, Expect::Completed);
    let times = bench.short_times();
    let archiving = steady(&served, SHAPE, &requests, times).await?;
    figures.archiving.push(archiving);
    let load = closed_loop(
        served.address,
        SHAPE.connections,
        &requests,
        Until::Over(LOST),
    );
    let lost_at = tokio::select! {
        loaded = load => bail!("expected the load to go on, but it ended with {loaded:?}"),
        () = tokio::time::sleep(times.0) => SystemTime::now(),
    };
    served.kill();
    let restored = bench.folder()?;
    let begun = Instant::now();
    restore(bench.binary(), &archive, &restored.path().join("data"))?;
    let restore_s = begun.elapsed().as_secs_f64();
    let back = bench.serve(restored.path()).start().await?;
    let newest: Page<InstanceSummary> = back.client().get("/workflows?limit=1").await?;
    let newest = newest.items.first().context("nothing was restored")?;
    let lost_at = lost_at.duration_since(UNIX_EPOCH)?.as_millis() as i64;
    figures.recoveries.push(Recovery {
        lost_s: (lost_at - newest.created_at.0).max(0) as f64 / 1e3,
        instances: back.client().count("").await?,
        restore_s,
        ready_s: back.ready_after.as_secs_f64(),
    });
    Ok(())
}

fn restore(binary: &Path, vault: &str, folder: &Path) -> Result<()> {
    let mut command = Command::new(binary);
    command
        .args(["backup", "restore", "--from", vault])
        .arg(folder)
        .stdin(Stdio::null());
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the restore failed: {said}");
    Ok(())
}

fn commits(figures: &Figures) -> Table {
    let mut table = Table::new([
        "64 single requests",
        "workflows/s",
        "p50 ms",
        "p99 ms",
        "rate / plain",
    ]);
    let plain = Spread::of(figures.plain.iter().map(|one| one.per_second)).median;
    let made = Spread::of(figures.backups.iter().copied()).median;
    let rows = [
        ("plain".to_owned(), &figures.plain),
        (
            format!("while {made:.0} backups were made"),
            &figures.backing_up,
        ),
        ("with an archive".to_owned(), &figures.archiving),
    ];
    for (name, samples) in rows {
        let all = |figure: fn(&Steady) -> f64| cell(samples.iter().map(figure));
        let rate = Spread::of(samples.iter().map(|one| one.per_second)).median;
        table.row([
            name,
            all(|one| one.per_second),
            all(|one| one.latency.p50_ms),
            all(|one| one.latency.p99_ms),
            format!("{:.2}", rate / plain),
        ]);
    }
    table
}

fn recoveries(samples: &[Recovery]) -> Table {
    let mut table = Table::new([
        "the machine is lost under load: seconds lost",
        "instances restored",
        "restore s",
        "restored to ready s",
    ]);
    let all = |figure: fn(&Recovery) -> f64| cell(samples.iter().map(figure));
    table.row([
        all(|one| one.lost_s),
        all(|one| one.instances as f64),
        all(|one| one.restore_s),
        all(|one| one.ready_s),
    ]);
    table
}
