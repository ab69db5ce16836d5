//! Projects: writes what changed, and how far the state has come, in one transaction whose commit
//! does not wait for the disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use store::{
    EntityId, Epoch, Gathered, InstanceRow, PartitionId, Parts, Position, RetentionClass,
    StoreError, Touched,
};
use uuid::Uuid;

use super::buckets::{self, Bucket, BucketSpan, Place, uuid};
use super::homes::{self, Home};
use super::kinds;
use super::parts;
use super::settle::{Load, Plan, load};
use super::write::Writes;
use crate::connection::Session;
use crate::failure::Trouble;

/// The epoch of what this process never took over. Epochs begin with 1.
const NO_EPOCH: i64 = 0;

/// The epochs under which this process took partitions over: what it projects is written only
/// while they hold, so that a process that was paused cannot take the state back.
#[derive(Default)]
pub(crate) struct Epochs {
    held: Mutex<HashMap<PartitionId, Epoch>>,
    /// How far the state came by what this process wrote since. A database that crashed may have less: its commits did not
    /// wait for the disk.
    written: Mutex<HashMap<PartitionId, Position>>,
}

impl Epochs {
    pub(crate) fn took_over(&self, partition: PartitionId, epoch: Epoch) {
        self.written().remove(&partition);
        self.held().insert(partition, epoch);
    }

    fn wrote(&self, gathered: &Gathered) {
        let mut written = self.written();
        for (partition, position) in &gathered.reached {
            written.insert(*partition, *position);
        }
    }

    /// Whether the state has less than this process wrote.
    pub(crate) fn went_back(&self, partition: PartitionId, position: Position) -> bool {
        let written = self.written();
        written.get(&partition).is_some_and(|last| position < *last)
    }

    fn written(&self) -> std::sync::MutexGuard<'_, HashMap<PartitionId, Position>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, partition: PartitionId) -> Option<i64> {
        self.held().get(&partition).map(|epoch| *epoch as i64)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<PartitionId, Epoch>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes all that was gathered, or nothing.
pub(crate) async fn project(
    session: &Session,
    span: BucketSpan,
    epochs: &Epochs,
    gathered: &Gathered,
) -> Result<(), Trouble> {
    // Outside the transaction, and before it: numbers of kinds are shared between nodes.
    let rows = gathered
        .instances
        .iter()
        .map(|(_, touched)| touched)
        .filter_map(|touched| touched.row.as_deref());
    kinds::numbers(session, rows).await?;
    session
        .client
        .batch_execute("BEGIN; SET LOCAL synchronous_commit TO off")
        .await?;
    reach(session, epochs, gathered).await?;
    let plan = plan(session, span, gathered).await?;
    let numbers = kinds::numbers(session, rows_of(&plan)).await?;
    let mut writes = Writes::default();
    writes.instances(&plan, &numbers);
    writes.keyed(gathered);
    writes.names(&plan, gathered);
    writes.commit(session).await?;
    epochs.wrote(gathered);
    Ok(())
}

/// In the order in which they are written.
fn rows_of<'a>(plan: &'a Plan<'a>) -> impl Iterator<Item = &'a InstanceRow> + Clone {
    let ended = plan.ended.values().flatten().map(|ended| ended.row);
    plan.open.iter().copied().chain(ended)
}

/// Moves the reached positions on. They never go back: what is older than the state is left from
/// an earlier ownership, and would overwrite newer rows. Their rows are held until the commit, so a
/// take-over waits for a projection that is under way. Where the database lost what was written before, in a crash, going on
/// would leave a hole: the partition has to be taken over anew, from where the state is.
async fn reach(session: &Session, epochs: &Epochs, gathered: &Gathered) -> Result<(), Trouble> {
    let (mut partitions, mut positions, mut held) = (vec![], vec![], vec![]);
    for (partition, position) in &gathered.reached {
        partitions.push(i32::from(partition.0));
        positions.push(*position as i64);
        held.push(epochs.of(*partition).unwrap_or(NO_EPOCH));
    }
    let sql = format!(
        "INSERT INTO reached (partition, position, epoch) \
         SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) \
         ON CONFLICT (partition) DO UPDATE SET position = EXCLUDED.position \
         WHERE reached.position <= EXCLUDED.position \
         AND EXCLUDED.epoch IN ({NO_EPOCH}, reached.epoch) \
         RETURNING partition, (SELECT before.position FROM reached before WHERE before.partition = reached.partition)"
    );
    let statement = session.prepared(&sql).await?;
    let values = [&partitions as _, &positions as _, &held as _];
    let written = session.client.query(&statement, &values).await?;
    // Where each was before: the statement sees the rows as they were.
    let written: BTreeMap<i32, i64> = { written.iter() }
        .map(|row| (row.get(0), row.get::<_, Option<i64>>(1).unwrap_or(0)))
        .collect();
    let mut asked = gathered.reached.keys();
    let is_whole = |partition: &PartitionId| {
        let before = written.get(&i32::from(partition.0));
        before.is_some_and(|before| !epochs.went_back(*partition, *before as u64))
    };
    match asked.find(|partition| !is_whole(partition)) {
        Some(other) => Err(StoreError::TakenOver(*other).into()),
        None => Ok(()),
    }
}

/// Where everything goes.
async fn plan<'a>(
    session: &Session,
    span: BucketSpan,
    gathered: &'a Gathered,
) -> Result<Plan<'a>, Trouble> {
    let mut plan = Plan::default();
    if gathered.instances.is_empty() {
        return Ok(plan);
    }
    let mut touched: Vec<(&EntityId, &Touched)> = gathered
        .instances
        .iter()
        .map(|(id, touched)| (id, touched))
        .collect();
    touched.sort_unstable_by_key(|(id, _)| **id);
    let buckets = buckets_for(session, span, gathered).await?;
    let numbers: HashMap<(i64, RetentionClass), i32> = buckets
        .iter()
        .map(|bucket| ((bucket.start, bucket.class.clone()), bucket.number))
        .collect();
    let ids: Vec<Uuid> = touched.iter().map(|(id, _)| uuid(id)).collect();
    let homes = homes::find(session, &buckets, &ids).await?;
    let home = |id: &EntityId| homes.get(&uuid(id)).copied().unwrap_or_default();
    let wanted = touched
        .iter()
        .filter_map(|(id, touched)| Some((uuid(id), load(touched, &home(id))?)));
    let mut loaded = read(session, wanted.collect()).await?;
    let bucket_of = |row: &InstanceRow| Some(numbers[&span.bucket_of(row)?]);
    for (id, touched) in touched {
        let home: Home = home(id);
        let parts = load(touched, &home).map(|_| loaded.remove(&uuid(id)).unwrap_or_default());
        plan.settle(id, touched, home, parts, bucket_of);
    }
    Ok(plan)
}

/// All buckets; those that will be needed are made.
async fn buckets_for(
    session: &Session,
    span: BucketSpan,
    gathered: &Gathered,
) -> Result<Vec<Bucket>, Trouble> {
    let there = buckets::all(session).await?;
    let ended = gathered
        .instances
        .iter()
        .map(|(_, touched)| touched)
        .filter_map(|touched| span.bucket_of(touched.row.as_deref()?));
    let mut missing: BTreeSet<(i64, RetentionClass)> = ended.collect();
    for bucket in &there {
        missing.remove(&(bucket.start, bucket.class.clone()));
    }
    if missing.is_empty() {
        return Ok(there);
    }
    for bucket in &missing {
        buckets::make(session, bucket).await?;
    }
    buckets::all(session).await
}

/// Chunks and history that have to be merged with what is new.
async fn read(
    session: &Session,
    wanted: Vec<(Uuid, Load)>,
) -> Result<HashMap<Uuid, Parts>, Trouble> {
    let mut parts: HashMap<Uuid, Parts> = HashMap::new();
    let kinds: BTreeSet<Load> = wanted.iter().map(|(_, load)| *load).collect();
    for load in kinds {
        let ids = wanted
            .iter()
            .filter(|(_, wanted)| *wanted == load)
            .map(|(id, _)| *id);
        let ids: Vec<Uuid> = ids.collect();
        match load {
            Load::Inline(number) => {
                let table = Place::Ended(number).rows();
                let sql = format!("SELECT id, parts FROM {table} WHERE id = ANY($1)");
                let statement = session.prepared(&sql).await?;
                for row in session.client.query(&statement, &[&ids]).await? {
                    parts.insert(row.get(0), parts::decode(row.get(1))?);
                }
            }
            Load::OpenParts => {
                let table = Place::Open.parts();
                let sql = format!(
                    "SELECT id, history, number, last, bytes FROM {table} WHERE id = ANY($1)"
                );
                let statement = session.prepared(&sql).await?;
                for row in session.client.query(&statement, &[&ids]).await? {
                    parts::take(parts.entry(row.get(0)).or_default(), &row);
                }
            }
        }
    }
    Ok(parts)
}
