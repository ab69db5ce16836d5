//! Measures the journal beside the same batches as rows of a SQLite database that syncs each
//! commit, and the projection of finished instances; everything in one run, in one folder.
//!
//! `cargo run -p store-sqlite --example rates -- [folder]`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::{Connection, params};
use store::{
    Append, Appended, Change, HistorySegment, InstanceRow, PartitionId, Position, Projection, Store,
};
use store_sqlite::{Options, SqliteStore};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Each case runs this often, in turn with the others, so that other load meets all alike.
const ROUNDS: u64 = 4;
const SECONDS: u64 = 1;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let temporary = tempfile::tempdir()?;
    let folder = std::env::args()
        .nth(1)
        .map_or(temporary.path().to_owned(), PathBuf::from);
    println!(
        "{:<44} {:>9} {:>9} {:>9} {:>9}",
        "", "commits/s", "MB/s", "p50 ms", "p99 ms"
    );
    for (name, bytes) in [("600 B", 600), ("18 kB", 18_000), ("180 kB", 180_000)] {
        let mut cases = [vec![], vec![], vec![]];
        for _ in 0..ROUNDS {
            cases[0].extend(journal(&folder, 1, bytes).await?);
            cases[1].extend(rows(&folder, bytes)?);
            cases[2].extend(journal(&folder, 4, bytes).await?);
        }
        let [one, rows, four] = cases;
        report(&format!("file journal, 1 partition, {name}"), bytes, one);
        report(&format!("SQLite rows, 1 partition, {name}"), bytes, rows);
        report(&format!("file journal, 4 partitions, {name}"), bytes, four);
    }
    projection(&folder).await
}

fn report(name: &str, bytes: usize, mut latencies: Vec<Duration>) {
    latencies.sort_unstable();
    let at =
        |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let rate = latencies.len() as f64 / (ROUNDS * SECONDS) as f64;
    println!(
        "{name:<44} {rate:>9.0} {:>9.1} {:>9.2} {:>9.2}",
        rate * bytes as f64 / 1e6,
        at(0.5),
        at(0.99)
    );
}

/// Appends one batch after the other to each partition.
async fn journal(folder: &Path, partitions: u16, bytes: usize) -> Result<Vec<Duration>, Failure> {
    let folder = folder.join(format!("journal-{partitions}-{bytes}"));
    let store = Arc::new(SqliteStore::open(&folder, &Options::default())?);
    let mut tasks = vec![];
    for partition in 0..partitions {
        tasks.push(tokio::spawn(append(
            store.clone(),
            PartitionId(partition),
            bytes,
        )));
    }
    let mut latencies = vec![];
    for task in tasks {
        latencies.extend(task.await??);
    }
    drop(store);
    std::fs::remove_dir_all(folder)?;
    Ok(latencies)
}

async fn append(
    store: Arc<SqliteStore>,
    partition: PartitionId,
    bytes: usize,
) -> Result<Vec<Duration>, Failure> {
    let owned = store.take_over(partition).await?;
    let body = Bytes::from(vec![b'r'; bytes]);
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let mut latencies = vec![];
    let mut expected_head = owned.head;
    while Instant::now() < end {
        let start = Instant::now();
        let mut batch_id = [0; 16];
        batch_id[..8].copy_from_slice(&expected_head.to_le_bytes());
        let append = Append {
            partition,
            epoch: owned.epoch,
            expected_head,
            batch_id,
            body: body.clone(),
            blobs: vec![],
        };
        if store.append(append).await? != Appended::Committed {
            return Err("expected every append to be committed".into());
        }
        expected_head += 1;
        latencies.push(start.elapsed());
    }
    Ok(latencies)
}

/// The same batches as rows, with the head row of the fence, a synced transaction each.
fn rows(folder: &Path, bytes: usize) -> Result<Vec<Duration>, Failure> {
    let path = folder.join(format!("rows-{bytes}.db"));
    let connection = Connection::open(&path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE head (partition INTEGER PRIMARY KEY, epoch INTEGER, head INTEGER, batch BLOB);
         CREATE TABLE journal (partition INTEGER, position INTEGER, body BLOB,
             PRIMARY KEY (partition, position));
         INSERT INTO head VALUES (1, 1, 0, x'');",
    )?;
    let body = vec![b'r'; bytes];
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let mut latencies = vec![];
    let mut head: i64 = 0;
    while Instant::now() < end {
        let start = Instant::now();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let fence = "UPDATE head SET head = head + 1, batch = ?1 \
                     WHERE partition = 1 AND epoch = 1 AND head = ?2";
        connection
            .prepare_cached(fence)?
            .execute(params![&head.to_le_bytes()[..], head])?;
        head += 1;
        let insert = "INSERT INTO journal VALUES (1, ?1, ?2)";
        connection
            .prepare_cached(insert)?
            .execute(params![head, body])?;
        connection.execute_batch("COMMIT")?;
        latencies.push(start.elapsed());
    }
    drop(connection);
    std::fs::remove_file(path)?;
    Ok(latencies)
}

/// Projects instances that ran through, 2,000 at a time, then moves them to their bucket.
async fn projection(folder: &Path) -> Result<(), Failure> {
    const INSTANCES: u64 = 200_000;
    const STEP: u64 = 2_000;
    let folder = folder.join("projection");
    let store = SqliteStore::open(&folder, &Options::default())?;
    let start = Instant::now();
    for first in (0..INSTANCES).step_by(STEP as usize) {
        let changes = (first..first + STEP).flat_map(finished).collect();
        let projection = Projection {
            partition: PartitionId(1),
            reached: first as Position / STEP + 1,
            changes,
        };
        store.project(vec![projection]).await?;
    }
    let projected = start.elapsed();
    store.checkpoint().await?;
    let moved = start.elapsed();
    let rate = |time: Duration| INSTANCES as f64 / time.as_secs_f64();
    println!("projection of finished instances: {:.0}/s", rate(projected));
    println!(
        "the same, moved to their bucket and synced: {:.0}/s",
        rate(moved)
    );
    drop(store);
    let bytes = size(&folder)?;
    println!(
        "on disk, journal excepted: {} bytes each",
        bytes / INSTANCES
    );
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn finished(number: u64) -> [Change; 2] {
    let mut id = [0x55; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let row = InstanceRow {
        id,
        namespace: "default".into(),
        workflow: "customer-onboarding".into(),
        version: "1".into(),
        status: "completed".into(),
        correlation_id: format!("0192f0c1-7d4e-7b2a-9f31-{number:012x}"),
        priority: "normal".into(),
        created_at: number as i64 / 100,
        ended_at: Some(number as i64 / 100 + 5),
        seq: 8,
        snapshot: Bytes::from(vec![b's'; 150]),
        ..InstanceRow::default()
    };
    let segment = HistorySegment {
        first_seq: 1,
        last_seq: 8,
        bytes: Bytes::from(vec![b'h'; 400]),
    };
    let history = Change::AppendHistory {
        slot: row.slot,
        id,
        segment,
    };
    [Change::PutInstance(Box::new(row)), history]
}

fn size(folder: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "journal" {
            bytes += size(&path)?;
        } else if path.is_file() {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}
