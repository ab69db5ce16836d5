//! Measures the journal beside the same batches as rows of a SQLite database that syncs each
//! commit; everything in one run, in one folder. The projection has `projection.rs`.
//!
//! `cargo run -p store-sqlite --example rates -- [folder]`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::{Connection, params};
use store::{Append, Appended, PartitionId, Store};
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
    Ok(())
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
