//! A few threads that read, so that no query blocks the async runtime or the writer.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};
use store::{Blob, BlobHash, PartitionId, Position, StoreError};
use tokio::sync::{mpsc, oneshot};

use super::bucket::{Bucket, Buckets};
use super::recent::{INTACT, SharedView, View};
use super::schema;
use crate::failure::{io_failure, sqlite_failure};

/// Queries that wait beyond these make their senders wait.
const WAITING: usize = 256;
/// Bucket files that one reader keeps open.
const OPEN_BUCKETS: usize = 16;

/// What one reading thread owns.
pub(crate) struct Reader {
    pub(super) state: Connection,
    pub(super) view: SharedView,
    pub(super) buckets: Buckets,
    connections: BTreeMap<i64, (u64, Connection)>,
}

impl Reader {
    fn open(path: &Path, view: SharedView, buckets: Buckets) -> Result<Self, StoreError> {
        let state = schema::connect_to_read(path).map_err(failure)?;
        Ok(Self {
            state,
            view,
            buckets,
            connections: BTreeMap::new(),
        })
    }

    /// Looks at the view, at `state.db` and at buckets as of the same moment. `look` answers which
    /// buckets it is about, newest first; those beyond the newest few are read as they are later,
    /// which differs only if something that ended so long ago changes meanwhile.
    pub(super) fn at_one_moment<T, R>(
        &mut self,
        look: impl FnOnce(&View) -> (T, Vec<Bucket>),
        then: impl FnOnce(&mut Self, T) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let shared = self.view.clone();
        let looked = {
            let view = shared.read().expect(INTACT);
            begin(&self.state).map_err(failure)?;
            let (looked, buckets) = look(&view);
            for bucket in buckets.iter().take(OPEN_BUCKETS) {
                let begun = begin(self.connect(bucket)?);
                begun.map_err(|error| Buckets::failure(bucket.start, error))?;
            }
            looked
        };
        let result = then(self, looked);
        self.end()?;
        result
    }

    fn end(&mut self) -> Result<(), StoreError> {
        end(&self.state).map_err(failure)?;
        for (start, (_, connection)) in &self.connections {
            end(connection).map_err(|error| Buckets::failure(*start, error))?;
        }
        while self.connections.len() > OPEN_BUCKETS {
            self.connections.pop_first();
        }
        Ok(())
    }

    /// A connection to a bucket's file; none if the bucket was dropped since it was looked for.
    pub(super) fn bucket(&mut self, bucket: &Bucket) -> Result<Option<&Connection>, StoreError> {
        match self.connect(bucket) {
            Ok(_) => Ok(Some(&self.connections[&bucket.start].1)),
            Err(error) => {
                let buckets = self.view.read().expect(INTACT).buckets.clone();
                let known = |known: &Bucket| {
                    (known.start, known.generation) == (bucket.start, bucket.generation)
                };
                match buckets.iter().any(known) {
                    true => Err(error),
                    false => Ok(None),
                }
            }
        }
    }

    fn connect(&mut self, bucket: &Bucket) -> Result<&Connection, StoreError> {
        let start = bucket.start;
        let held = self.connections.get(&start);
        if held.is_none_or(|(generation, _)| *generation != bucket.generation) {
            let connection = self.buckets.connect_to_read(start)?;
            self.connections
                .insert(start, (bucket.generation, connection));
        }
        Ok(&self.connections[&start].1)
    }

    /// Lets go of files that were dropped.
    fn close_dropped(&mut self) {
        let buckets = self.view.read().expect(INTACT).buckets.clone();
        self.connections.retain(|start, (generation, _)| {
            buckets
                .iter()
                .any(|b| b.start == *start && b.generation == *generation)
        });
    }

    /// Frees the space of buckets that were dropped.
    pub(crate) fn free_dropped(&mut self) -> Result<(), StoreError> {
        self.buckets.remove_rest()
    }

    /// Blobs that have left the journal, in the order of their hashes, behind one of them, until
    /// `limit_bytes` is passed (at least one if there is one).
    pub(crate) fn blobs(
        &mut self,
        after: Option<BlobHash>,
        limit_bytes: usize,
    ) -> Result<Vec<Blob>, StoreError> {
        let read = || {
            let sql = "SELECT hash, bytes FROM blob WHERE hash > ?1 ORDER BY hash";
            let mut statement = self.state.prepare_cached(sql)?;
            let after: &[u8] = after.as_ref().map_or(&[], |hash| &hash[..]);
            let mut rows = statement.query([after])?;
            let (mut found, mut length) = (vec![], 0);
            while length <= limit_bytes
                && let Some(row) = rows.next()?
            {
                let bytes = Bytes::copy_from_slice(row.get_ref(1)?.as_blob()?);
                length += bytes.len();
                let hash = row.get(0)?;
                found.push(Blob { hash, bytes });
            }
            Ok(found)
        };
        read().map_err(failure)
    }

    /// A blob that has left the journal.
    pub(crate) fn blob(&mut self, hash: &BlobHash) -> Result<Option<Bytes>, StoreError> {
        let read = || {
            let sql = "SELECT bytes FROM blob WHERE hash = ?1";
            let mut statement = self.state.prepare_cached(sql)?;
            let bytes = statement.query_row([&hash[..]], |row| {
                Ok(Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?))
            });
            bytes.optional()
        };
        read().map_err(failure)
    }
}

fn failure(error: rusqlite::Error) -> StoreError {
    sqlite_failure("state.db", error)
}

/// Begins to read; the first read fixes what is seen.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    // An earlier query may have failed between its beginning and its end.
    end(connection)?;
    connection.execute_batch("BEGIN")?;
    let mut first = connection.prepare_cached("SELECT value FROM meta LIMIT 1")?;
    first.query_row([], |_| Ok(())).optional().map(drop)
}

pub(super) fn end(connection: &Connection) -> rusqlite::Result<()> {
    match connection.is_autocommit() {
        true => Ok(()),
        false => connection.execute_batch("COMMIT"),
    }
}

type Query = Box<dyn FnOnce(&mut Reader) + Send>;

/// A handle to the reading threads.
pub(crate) struct Readers {
    sender: Option<mpsc::Sender<Query>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    view: SharedView,
}

impl Readers {
    /// Starts the threads.
    pub(super) fn start(
        count: usize,
        path: &Path,
        view: &SharedView,
        buckets: &Buckets,
    ) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = vec![];
        for _ in 0..count.max(1) {
            let reader = Reader::open(path, view.clone(), buckets.clone())?;
            let receiver = receiver.clone();
            let thread = std::thread::Builder::new().name("state-reader".into());
            let spawned = thread.spawn(move || run(reader, &receiver));
            threads
                .push(spawned.map_err(|error| io_failure("starting a thread that reads", error))?);
        }
        Ok(Self {
            sender: Some(sender),
            threads: Mutex::new(threads),
            view: view.clone(),
        })
    }

    /// Runs a query on a reading thread.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let gone = || StoreError::Unavailable("the reading threads have ended".into());
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        // Who asked may have gone; then nobody misses the answer.
        let query: Query = Box::new(move |reader| drop(reply.send(query(reader))));
        sender.send(query).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// The position that a partition's state has reached.
    pub(crate) fn reached(&self, partition: PartitionId) -> Position {
        self.view
            .read()
            .expect(INTACT)
            .reached
            .get(&partition)
            .copied()
            .unwrap_or(0)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.sender = None;
        let threads = self
            .threads
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a reading thread panicked");
            }
        }
    }
}

fn run(mut reader: Reader, receiver: &Mutex<mpsc::Receiver<Query>>) {
    loop {
        let query = receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(query) = query else { return };
        query(&mut reader);
        reader.close_dropped();
    }
}
