//! Writes a plan: a statement for each table and kind of change, all rows of it in arrays, sent
//! one behind the other without waiting for answers.

use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use store::{BlobHash, Gathered, InstanceRow, Parts, Slot, Table, instance_key};
use tokio_postgres::Error;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::buckets::{Place, uuid};
use super::rows::Columns;
use super::settle::{Ended, Plan};
use crate::connection::Session;
use crate::failure::Trouble;
use crate::text::SEPARATOR;

/// A statement with its values.
struct Write<'a> {
    sql: String,
    values: Vec<Box<dyn ToSql + Sync + Send + 'a>>,
}

/// All writes of one transaction, in order.
#[derive(Default)]
pub(super) struct Writes<'a> {
    writes: Vec<Write<'a>>,
}

impl<'a> Writes<'a> {
    fn add(&mut self, sql: String, values: Vec<Box<dyn ToSql + Sync + Send + 'a>>) {
        self.writes.push(Write { sql, values });
    }

    /// What the plan says of instances. `kinds` are the numbers of its open rows' kinds, then of
    /// its ended rows'.
    pub(super) fn instances(&mut self, plan: &'a Plan<'a>, kinds: &[i32]) {
        for ((from, to), ids) in &plan.copied {
            let (from, to) = (from.parts(), to.parts());
            let sql = format!("INSERT INTO {to} SELECT * FROM {from} WHERE id = ANY($1)");
            self.add(sql, vec![Box::new(ids)]);
        }
        for (place, ids) in &plan.gone_parts {
            let sql = format!("DELETE FROM {} WHERE id = ANY($1)", place.parts());
            self.add(sql, vec![Box::new(ids)]);
        }
        for (place, ids) in &plan.gone_rows {
            let sql = format!("DELETE FROM {} WHERE id = ANY($1)", place.rows());
            self.add(sql, vec![Box::new(ids)]);
        }
        let (open, mut rest) = kinds.split_at(plan.open.len());
        if !plan.open.is_empty() {
            self.rows(Place::Open, plan.open.iter().copied(), open.to_vec(), None);
        }
        for (number, ended) in &plan.ended {
            let (kinds, others) = rest.split_at(ended.len());
            rest = others;
            let packed = ended.iter().map(|ended| ended.parts.as_deref()).collect();
            let rows = ended.iter().map(|ended| ended.row);
            self.rows(Place::Ended(*number), rows, kinds.to_vec(), Some(packed));
            self.widen(*number, ended);
        }
        for (number, packed) in &plan.packed {
            let table = Place::Ended(*number).rows();
            let sql = format!(
                "UPDATE {table} SET parts = a.parts FROM unnest($1::uuid[], $2::bytea[]) AS a(id, parts) \
                 WHERE {table}.id = a.id"
            );
            let ids: Vec<Uuid> = packed.iter().map(|(id, _)| *id).collect();
            let parts: Vec<Option<&[u8]>> =
                packed.iter().map(|(_, parts)| parts.as_deref()).collect();
            self.add(sql, vec![Box::new(ids), Box::new(parts)]);
        }
        for (place, parts) in &plan.parts {
            self.parts(*place, parts);
        }
    }

    fn rows(
        &mut self,
        place: Place,
        rows: impl Iterator<Item = &'a InstanceRow>,
        kinds: Vec<i32>,
        packed: Option<Vec<Option<&'a [u8]>>>,
    ) {
        let columns = Columns::of(rows);
        let sql = put_rows(&place.rows(), packed.is_some());
        let mut values: Vec<Box<dyn ToSql + Sync + Send + 'a>> = vec![
            Box::new(columns.created_at),
            Box::new(columns.updated_at),
            Box::new(columns.ended_at),
            Box::new(columns.seq),
            Box::new(columns.slot),
            Box::new(kinds),
            Box::new(columns.pending_decisions),
            Box::new(columns.id),
            Box::new(columns.parent_id),
            Box::new(columns.correlation_id),
            Box::new(columns.subject),
            Box::new(columns.error),
            Box::new(columns.terms),
            Box::new(columns.attributes),
            Box::new(columns.snapshot),
        ];
        if let Some(packed) = packed {
            values.push(Box::new(packed));
        }
        self.add(sql, values);
    }

    /// A bucket that is closed already has bounds, which must hold what still comes into it.
    fn widen(&mut self, number: i32, ended: &[Ended<'_>]) {
        let ids = || ended.iter().map(|ended| uuid(&ended.row.id));
        let created = || ended.iter().map(|ended| ended.row.created_at);
        let sql = "UPDATE bucket SET first_id = LEAST(first_id, $2), last_id = GREATEST(last_id, $3), \
                   first_created = LEAST(first_created, $4), last_created = GREATEST(last_created, $5) \
                   WHERE number = $1 AND closed AND (first_id IS NULL OR first_id > $2 OR last_id < $3 \
                   OR first_created > $4 OR last_created < $5)";
        self.add(
            sql.to_owned(),
            vec![
                Box::new(number),
                Box::new(ids().min()),
                Box::new(ids().max()),
                Box::new(created().min()),
                Box::new(created().max()),
            ],
        );
    }

    /// A chunk replaces the one that is there; a segment of history stays as first written.
    fn parts(&mut self, place: Place, families: &'a [(Uuid, Parts)]) {
        let table = place.parts();
        let (mut ids, mut history, mut numbers) = (vec![], vec![], vec![]);
        let (mut lasts, mut bytes): (Vec<i64>, Vec<&[u8]>) = (vec![], vec![]);
        for (id, parts) in families {
            let chunks = parts
                .chunks
                .iter()
                .map(|(n, bytes)| (false, i64::from(*n), 0, bytes));
            let segments = parts.history.iter();
            let segments =
                segments.map(|s| (true, s.first_seq as i64, s.last_seq as i64, &s.bytes));
            for (is_history, number, last, part) in chunks.chain(segments) {
                ids.push(*id);
                history.push(is_history);
                numbers.push(number);
                lasts.push(last);
                bytes.push(part);
            }
        }
        let sql = format!(
            "INSERT INTO {table} (id, history, number, last, bytes) \
             SELECT * FROM unnest($1::uuid[], $2::boolean[], $3::bigint[], $4::bigint[], $5::bytea[]) \
             ON CONFLICT (id, history, number) DO UPDATE SET bytes = EXCLUDED.bytes \
             WHERE NOT {table}.history"
        );
        self.add(
            sql,
            vec![
                Box::new(ids),
                Box::new(history),
                Box::new(numbers),
                Box::new(lasts),
                Box::new(bytes),
            ],
        );
    }

    /// Rows of keyed tables.
    pub(super) fn keyed(&mut self, gathered: &'a Gathered) {
        for table in Table::ALL {
            let from = (table, Bytes::new(), Slot::MIN);
            let changes = gathered
                .keyed
                .range(from..)
                .take_while(|((of, ..), _)| *of == table);
            let (mut put, mut gone) = ((vec![], vec![], vec![]), (vec![], vec![]));
            for ((_, key, slot), value) in changes {
                match value {
                    Some(value) => {
                        put.0.push(&key[..]);
                        put.1.push(i32::from(*slot));
                        put.2.push(&value[..]);
                    }
                    None => {
                        gone.0.push(&key[..]);
                        gone.1.push(i32::from(*slot));
                    }
                }
            }
            let name = table.name();
            if !put.0.is_empty() {
                let sql = format!(
                    "INSERT INTO keyed_{name} (key, slot, value) \
                     SELECT * FROM unnest($1::bytea[], $2::integer[], $3::bytea[]) \
                     ON CONFLICT (key, slot) DO UPDATE SET value = EXCLUDED.value"
                );
                self.add(sql, vec![Box::new(put.0), Box::new(put.1), Box::new(put.2)]);
            }
            if !gone.0.is_empty() {
                let sql = format!(
                    "DELETE FROM keyed_{name} k USING unnest($1::bytea[], $2::integer[]) AS a(key, slot) \
                     WHERE k.key = a.key AND k.slot = a.slot"
                );
                self.add(sql, vec![Box::new(gone.0), Box::new(gone.1)]);
            }
        }
    }

    /// What names blobs, and where that lies.
    pub(super) fn names(&mut self, plan: &'a Plan<'a>, gathered: &'a Gathered) {
        let gone = plan.unnamed.iter().map(|id| instance_key(id).to_vec());
        let gone: Vec<Vec<u8>> = gone.chain(gathered.gone_holders()).collect();
        if !gone.is_empty() {
            let sql = "DELETE FROM blob_use WHERE holder = ANY($1)";
            self.add(sql.to_owned(), vec![Box::new(gone)]);
        }
        if !plan.moved.is_empty() {
            let sql = "UPDATE blob_use u SET bucket = a.bucket \
                       FROM unnest($1::bytea[], $2::integer[]) AS a(holder, bucket) \
                       WHERE u.holder = a.holder";
            let moved = plan.moved.iter();
            let (holders, buckets): (Vec<Vec<u8>>, Vec<Option<i32>>) = moved
                .map(|(id, place)| (instance_key(id).to_vec(), place.bucket()))
                .unzip();
            self.add(sql.to_owned(), vec![Box::new(holders), Box::new(buckets)]);
        }
        let (mut holders, mut hashes, mut buckets) = (vec![], vec![], vec![]);
        let mut name = |holder: Vec<u8>, blob: &'a BlobHash, bucket: Option<i32>| {
            holders.push(holder);
            hashes.push(&blob[..]);
            buckets.push(bucket);
        };
        for (id, place, blobs) in &plan.named {
            let holder = instance_key(id);
            blobs
                .iter()
                .for_each(|blob| name(holder.to_vec(), blob, place.bucket()));
        }
        for (holder, blob) in gathered.row_holders() {
            name(holder, blob, None);
        }
        if !holders.is_empty() {
            let sql = "INSERT INTO blob_use (holder, hash, bucket) \
                       SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::integer[]) \
                       ON CONFLICT DO NOTHING";
            let values: Vec<Box<dyn ToSql + Sync + Send + 'a>> =
                vec![Box::new(holders), Box::new(hashes), Box::new(buckets)];
            self.add(sql.to_owned(), values);
        }
    }

    /// Makes all writes, then commits. Statements that were not seen before are prepared first.
    pub(super) async fn commit(&self, session: &Session) -> Result<(), Trouble> {
        let mut prepared = vec![];
        for write in &self.writes {
            prepared.push(session.prepared(&write.sql).await?);
        }
        let mut sent: Vec<Sent<'_>> = vec![];
        for (write, statement) in self.writes.iter().zip(&prepared) {
            sent.push(Box::pin(async move {
                let values: Vec<&(dyn ToSql + Sync)> = write
                    .values
                    .iter()
                    .map(|value| &**value as &(dyn ToSql + Sync))
                    .collect();
                session.client.execute(statement, &values).await.map(|_| ())
            }));
        }
        sent.push(Box::pin(session.client.batch_execute("COMMIT")));
        in_turn(sent).await?;
        Ok(())
    }
}

/// A statement on its way.
type Sent<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Lets each take its turn at sending, in order, and answers the first failure in that order.
async fn in_turn<F: Future<Output = Result<(), Error>> + Unpin>(sent: Vec<F>) -> Result<(), Error> {
    let mut waiting: Vec<Option<F>> = sent.into_iter().map(Some).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for place in &mut waiting {
            let Some(future) = place else { continue };
            match Pin::new(future).poll(context) {
                Poll::Ready(Ok(())) => *place = None,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => pending = true,
            }
        }
        if pending {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    })
    .await
}

fn put_rows(table: &str, packed: bool) -> String {
    const NAMES: [&str; 14] = [
        "created_at",
        "updated_at",
        "ended_at",
        "seq",
        "slot",
        "kind",
        "pending_decisions",
        "parent_id",
        "correlation_id",
        "subject",
        "error",
        "terms",
        "attributes",
        "snapshot",
    ];
    let mut names = NAMES.to_vec();
    let (mut argument, mut column) = ("", "");
    if packed {
        names.push("parts");
        (argument, column) = (", $16::bytea[]", ", parts");
    }
    let updates: Vec<String> = names
        .iter()
        .map(|name| format!("{name} = EXCLUDED.{name}"))
        .collect();
    format!(
        "INSERT INTO {table} (created_at, updated_at, ended_at, seq, slot, kind, pending_decisions, \
             id, parent_id, correlation_id, subject, error, terms, attributes, snapshot{column}) \
         SELECT created_at, updated_at, ended_at, seq, slot, kind, pending_decisions, \
             id, parent_id, correlation_id, subject, error, \
             string_to_array(terms, '{SEPARATOR}'), attributes, snapshot{column} \
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], \
             $6::integer[], $7::integer[], $8::uuid[], $9::uuid[], $10::text[], $11::text[], \
             $12::text[], $13::text[], $14::text[], $15::bytea[]{argument}) \
             AS a(created_at, updated_at, ended_at, seq, slot, kind, pending_decisions, \
             id, parent_id, correlation_id, subject, error, terms, attributes, snapshot{column}) \
         ON CONFLICT (id) DO UPDATE SET {}",
        updates.join(", ")
    )
}
