//! Measures what an ended instance costs the state: processor time of projecting it and of moving
//! it to its bucket, and its bytes on disk before and after the bucket's indexes are built.
//!
//! `cargo run --release -p store-sqlite --example projection -- [folder]`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use store::{
    Change, EntityId, HistorySegment, InstanceRow, PartitionId, Position, Projection, Store, Table,
};
use store_sqlite::{Options, SqliteStore};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const INSTANCES: u64 = 200_000;
/// Instances of one projection.
const STEP: u64 = 2_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

/// How instances come to the store.
#[derive(Clone, Copy)]
enum Life {
    /// All at once.
    Through,
    /// Open in one projection, with a task and a timer; ended in the next.
    Open,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let temporary = tempfile::tempdir()?;
    let folder = std::env::args()
        .nth(1)
        .map_or(temporary.path().to_owned(), PathBuf::from);
    println!(
        "{:<24} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "inst/s", "project", "move", "index", "bytes", "indexed"
    );
    measure(&folder, "ran through", Life::Through).await?;
    measure(&folder, "open, then ended", Life::Open).await
}

/// Prints instances per second, microseconds of processor time per instance, and bytes per
/// instance before and after the indexes.
async fn measure(folder: &Path, name: &str, life: Life) -> Result<(), Failure> {
    let folder = folder.join("projection");
    let store = SqliteStore::open(&folder, &Options::default())?;
    let (start, began) = (Instant::now(), processor_time()?);
    let mut moving = Duration::ZERO;
    let steps = INSTANCES / STEP;
    for step in 0..=steps {
        store.project(vec![projection(step, steps, life)]).await?;
        if step % 20 == 19 {
            let before = processor_time()?;
            store.checkpoint().await?;
            moving += processor_time()? - before;
        }
    }
    let before = processor_time()?;
    store.checkpoint().await?;
    moving += processor_time()? - before;
    let (took, used) = (start.elapsed(), processor_time()? - began);
    let bytes = size(&folder)?;
    store.project(vec![next_day(steps)]).await?;
    let before = processor_time()?;
    store.checkpoint().await?;
    let indexing = processor_time()? - before;
    drop(store);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / INSTANCES as f64;
    println!(
        "{name:<24} {:>9.0} {:>9.2} {:>9.2} {:>9.2} {:>9} {:>9}",
        INSTANCES as f64 / took.as_secs_f64(),
        each(used - moving),
        each(moving),
        each(indexing),
        bytes / INSTANCES,
        size(&folder)? / INSTANCES
    );
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn projection(step: u64, steps: u64, life: Life) -> Projection {
    let numbers = |step: u64| step * STEP..(step + 1) * STEP;
    let mut changes = vec![];
    match life {
        Life::Through if step < steps => changes.extend(numbers(step).flat_map(through)),
        Life::Through => {}
        Life::Open => {
            if step > 0 {
                changes.extend(numbers(step - 1).flat_map(ending));
            }
            if step < steps {
                changes.extend(numbers(step).flat_map(opening));
            }
        }
    }
    Projection {
        partition: PartitionId(1),
        reached: step as Position + 1,
        changes,
    }
}

/// An instance that ends a day later closes the bucket of the others.
fn next_day(steps: u64) -> Projection {
    let mut row = row(INSTANCES);
    row.ended_at = Some(row.created_at + DAY);
    Projection {
        partition: PartitionId(1),
        reached: steps as Position + 2,
        changes: vec![Change::PutInstance(Box::new(row))],
    }
}

/// An id as the product makes them: time first, then what looks random.
fn id(number: u64) -> EntityId {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&(1_780_000_000_000 + number / 60).to_be_bytes()[2..]);
    id[6..14].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id[6] = 0x70 | id[6] & 0xf;
    id[14..].copy_from_slice(&(number as u16).to_be_bytes());
    id
}

fn row(number: u64) -> InstanceRow {
    let id = id(number);
    let created_at = 1_780_000_000_000 + number as i64 / 60;
    InstanceRow {
        id,
        namespace: "default".into(),
        workflow: "customer-onboarding".into(),
        version: "1".into(),
        status: "completed".into(),
        correlation_id: text(&id),
        priority: "normal".into(),
        created_at,
        updated_at: created_at + 5,
        ended_at: Some(created_at + 5),
        seq: 8,
        snapshot: Bytes::from(vec![b's'; 150]),
        ..InstanceRow::default()
    }
}

/// The id as users see it.
fn text(id: &EntityId) -> String {
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

fn history(id: EntityId, first_seq: u64, last_seq: u64, bytes: usize) -> Change {
    let segment = HistorySegment {
        first_seq,
        last_seq,
        bytes: Bytes::from(vec![b'h'; bytes]),
    };
    Change::AppendHistory {
        slot: 0,
        id,
        segment,
    }
}

fn through(number: u64) -> [Change; 2] {
    let row = row(number);
    let history = history(row.id, 1, 8, 900);
    [Change::PutInstance(Box::new(row)), history]
}

fn opening(number: u64) -> [Change; 5] {
    let row = InstanceRow {
        status: "running".into(),
        ended_at: None,
        seq: 4,
        snapshot: Bytes::from(vec![b's'; 700]),
        ..row(number)
    };
    let (slot, id) = (0, row.id);
    let put = |table, key, value| Change::Put {
        table,
        slot,
        key,
        value,
    };
    [
        Change::PutInstance(Box::new(row)),
        Change::PutChunk {
            slot,
            id,
            chunk: 0,
            bytes: Bytes::from(vec![b'c'; 100]),
        },
        history(id, 1, 4, 600),
        put(Table::Task, task_key(&id), Bytes::from_static(b"\x02http")),
        put(Table::Timer, timer_key(number, &id), Bytes::new()),
    ]
}

fn ending(number: u64) -> [Change; 4] {
    let row = row(number);
    let (slot, id) = (0, row.id);
    let delete = |table, key| Change::Delete { table, slot, key };
    [
        Change::PutInstance(Box::new(row)),
        history(id, 5, 8, 300),
        delete(Table::Task, task_key(&id)),
        delete(Table::Timer, timer_key(number, &id)),
    ]
}

fn task_key(id: &EntityId) -> Bytes {
    [&id[..], &[0; 20]].concat().into()
}

fn timer_key(number: u64, id: &EntityId) -> Bytes {
    let due = 1_780_000_030_000 + number / 60;
    [&due.to_be_bytes()[..], id, &[0; 12]].concat().into()
}

/// What the state's threads have used.
fn processor_time() -> Result<Duration, Failure> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let thread = task?.path();
        if !std::fs::read_to_string(thread.join("comm"))?.starts_with("state-") {
            continue;
        }
        let used = std::fs::read_to_string(thread.join("schedstat"))?;
        nanoseconds += used.split(' ').next().unwrap_or("0").parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
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
