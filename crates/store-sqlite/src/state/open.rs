//! Opens the state: checks that it is whole, rebuilds what is kept in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use rusqlite::{Connection, Row};
use store::{EntityId, PartitionId, StoreError};

use super::bucket::{Bucket, Buckets, sync_folder};
use super::classes::Classes;
use super::filed;
use super::ids::Seen;
use super::kinds::Kinds;
use super::packed::Runs;
use super::readers::Readers;
use super::recent::{SharedView, View};
use super::run;
use super::schema::{self, Durability, FORMAT, OLDER};
use super::writer::{Writer, WriterHandle};
use crate::failure::{corrupt, io_failure, sqlite_failure};

/// SQLite before this version could lose committed writes when its write-ahead log was reset.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How the state is kept.
pub(crate) struct StateOptions {
    /// The store's folder.
    pub(crate) folder: PathBuf,
    /// How much time a bucket covers, in milliseconds, if this store is new.
    pub(crate) bucket_ms: i64,
    /// Recently ended instances beyond this many bytes are moved to buckets at once.
    pub(crate) recent_bytes: usize,
    /// How many threads read.
    pub(crate) readers: usize,
    /// The state may hold this many pages at most; for tests of a full disk.
    pub(crate) max_pages: Option<u32>,
}

fn failure(error: rusqlite::Error) -> StoreError {
    sqlite_failure("state.db", error)
}

/// Opens the state, making an empty one if there is none.
pub(crate) fn open(options: &StateOptions) -> Result<(WriterHandle, Readers), StoreError> {
    assert!(
        rusqlite::version_number() >= OLDEST_SQLITE,
        "expected SQLite 3.51.3 or newer, but {} is linked",
        rusqlite::version()
    );
    let path = options.folder.join("state.db");
    let buckets = Buckets::new(options.folder.join("ended"), options.bucket_ms)?;
    let new = !path.exists();
    if new {
        buckets.set_aside()?;
    }
    let state = connect(&path, options)?;
    let span_ms = schema::settle_span(&state, options.bucket_ms).map_err(failure)?;
    let buckets = buckets.with_span(span_ms);
    if new {
        sync_folder(&options.folder)?;
    }
    let view = load_view(&state, &buckets)?;
    let rowless = read_rowless(&state).map_err(failure)?;
    let next_run = next_run(&state, &view).map_err(failure)?;
    let seen = Seen::new(newest_id(&state, &view, &rowless).map_err(failure)?);
    let generation = view.buckets.len() as u64;
    let view = SharedView::new(RwLock::new(view));
    let readers = Readers::start(options.readers, &path, &view, &buckets)?;
    let writer = Writer {
        folder: options.folder.clone(),
        state,
        view,
        buckets,
        bucket_connections: BTreeMap::new(),
        rowless,
        seen,
        kinds: Kinds::default(),
        classes: Classes::default(),
        next_run,
        recent_bytes: options.recent_bytes,
        generation,
    };
    Ok((WriterHandle::start(writer)?, readers))
}

fn connect(path: &Path, options: &StateOptions) -> Result<Connection, StoreError> {
    let open = || {
        let state = schema::connect(path, Durability::Normal)?;
        if let Some(pages) = options.max_pages {
            state.pragma_update(None, "max_page_count", pages)?;
        }
        let found = schema::format(&state)?;
        let format = found.unwrap_or(FORMAT);
        if format != FORMAT && !OLDER.contains(&format) {
            return Ok((state, format));
        }
        schema::create_state(&state, found)?;
        let mut checkpoint = state.prepare("PRAGMA wal_checkpoint(TRUNCATE)")?;
        checkpoint.query_row([], |_| Ok(()))?;
        drop(checkpoint);
        Ok((state, FORMAT))
    };
    let (state, format): (_, i64) = open().map_err(failure)?;
    if format != FORMAT {
        let detail = format!(
            "expected format {FORMAT}, but it is {format}: use the version of the program that wrote it"
        );
        return Err(corrupt("state.db".into(), detail));
    }
    check_length(path)?;
    Ok(state)
}

/// SQLite notices a missing end only when it reads there; the header tells at once.
fn check_length(path: &Path) -> Result<(), StoreError> {
    let reading = |error| io_failure("reading state.db", error);
    let mut file = File::open(path).map_err(reading)?;
    let mut header = [0; 32];
    file.read_exact(&mut header).map_err(reading)?;
    let page = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65536,
        bytes => bytes,
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    let (expected, length) = (
        page * u64::from(pages),
        file.metadata().map_err(reading)?.len(),
    );
    if length < expected {
        return Err(corrupt(
            "state.db".into(),
            format!(
                "expected {expected} bytes, but the file ends at {length}; restore the folder \
                 from a backup"
            ),
        ));
    }
    Ok(())
}

fn load_view(state: &Connection, buckets: &Buckets) -> Result<View, StoreError> {
    let mut view = View {
        buckets: Arc::new(read_buckets(state).map_err(failure)?),
        ..View::default()
    };
    let load = |view: &mut View| {
        let mut reached = state.prepare("SELECT partition, position FROM reached")?;
        let position = |row: &Row<'_>| Ok((PartitionId(row.get(0)?), row.get::<_, i64>(1)? as u64));
        view.reached = reached
            .query_map([], position)?
            .collect::<rusqlite::Result<_>>()?;
        let mut superseded = state.prepare("SELECT start, id, run FROM superseded")?;
        let place = |row: &Row<'_>| Ok(((row.get(0)?, row.get(1)?), row.get::<_, i64>(2)? as u64));
        let superseded = superseded.query_map([], place)?;
        view.superseded = Arc::new(superseded.collect::<rusqlite::Result<_>>()?);
        view.packed = Arc::new(Runs::load(state)?);
        Ok(())
    };
    load(&mut view).map_err(failure)?;
    check_buckets(&view, buckets)?;
    run::load(state, &mut view)?;
    view.filled = read_filled(buckets)?;
    Ok(view)
}

fn read_buckets(state: &Connection) -> rusqlite::Result<Vec<Bucket>> {
    let sql = "SELECT start, first_id, last_id, first_created, last_created \
               FROM bucket ORDER BY start";
    let mut statement = state.prepare(sql)?;
    let mut generation = 0;
    let buckets = statement.query_map([], |row| {
        generation += 1;
        Ok(Bucket {
            start: row.get(0)?,
            ids: (row.get(1)?, row.get(2)?),
            created: (row.get(3)?, row.get(4)?),
            generation,
        })
    })?;
    buckets.collect()
}

fn read_rowless(state: &Connection) -> rusqlite::Result<BTreeSet<EntityId>> {
    let mut statement = state.prepare("SELECT id FROM rowless")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// No instance with a greater id is anywhere in the store.
fn newest_id(
    state: &Connection,
    view: &View,
    rowless: &BTreeSet<EntityId>,
) -> rusqlite::Result<EntityId> {
    let open: Option<EntityId> =
        state.query_row("SELECT max(id) FROM instance", [], |row| row.get(0))?;
    let recent = view.recent.all().map(|ended| ended.family.row.id).max();
    let bucket = view.buckets.iter().map(|bucket| bucket.ids.1).max();
    let newest = [open, recent, bucket, rowless.last().copied()];
    Ok(newest.into_iter().flatten().max().unwrap_or_default())
}

/// Above all that were ever used: what a bucket notes of a run must not be said of another one.
fn next_run(state: &Connection, view: &View) -> rusqlite::Result<u64> {
    let mut last = view.filled.values().copied().max().unwrap_or(0);
    for table in ["ended_run", "ended_removed", "superseded"] {
        let sql = format!("SELECT coalesce(max(run), 0) FROM {table}");
        let run: i64 = state.query_row(&sql, [], |row| row.get(0))?;
        last = last.max(run as u64);
    }
    Ok(last + 1)
}

fn read_filled(buckets: &Buckets) -> Result<BTreeMap<i64, u64>, StoreError> {
    let mut filled = BTreeMap::new();
    for start in buckets.starts_on_disk()? {
        let run = filed::filled(&buckets.connect_to_read(start)?);
        filled.insert(start, run.map_err(|error| Buckets::failure(start, error))?);
    }
    Ok(filled)
}

/// A bucket that the state names must be there. A file that the state does not name is the rest
/// of a move that was not finished (its instances are still in runs) or of a dropped bucket.
fn check_buckets(view: &View, buckets: &Buckets) -> Result<(), StoreError> {
    for bucket in view.buckets.iter() {
        buckets.check_present(bucket.start)?;
    }
    buckets.remove_rest()?;
    for start in buckets.starts_on_disk()? {
        if view.buckets.iter().all(|bucket| bucket.start != start) {
            tracing::info!(start, "removed a bucket file that the state does not name");
            buckets.unlink(start)?;
        }
    }
    Ok(())
}
