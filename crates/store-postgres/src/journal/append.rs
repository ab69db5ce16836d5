//! The statement that appends: for several partitions at once, each fenced by its own row.

use store::{Append, PartitionId};

use super::segments::table;
use crate::connection::Session;
use crate::failure::Trouble;

/// Moves each asked head row on from the head and under the epoch that the caller knows, and
/// writes a batch only where that changed the row. Partitions come in ascending order, and there is no
/// plan but to look up one head row after the other, so rows are locked in that order, and two such
/// statements never wait for each other in a circle. (To lock them first, sorted, cost a quarter of the
/// statement.) Bodies stay out of the join, which would copy them: they are taken out of their array
/// where they are written.
///
/// A blob that is there is only noted to be named again, once in a round of sweeping: then it is not
/// locked, however many batches name it. Blobs are locked in the order of their hashes, too.
fn statement(segment: i64, with_blobs: bool) -> String {
    let blobs = "
        , round AS (
            SELECT coalesce((SELECT number FROM blob_round), 0) AS number
        ), named AS (
            SELECT DISTINCT ON (b.hash) b.hash, b.place
            FROM unnest($6::integer[], $7::bytea[]) WITH ORDINALITY AS b(partition, hash, place)
            JOIN moved USING (partition)
            ORDER BY b.hash
        ), kept AS (
            INSERT INTO blob (hash, bytes, named_in)
            SELECT n.hash, ($8::bytea[])[n.place], r.number
            FROM named n CROSS JOIN round r
            WHERE NOT EXISTS (SELECT FROM blob b WHERE b.hash = n.hash AND b.named_in >= r.number)
            ORDER BY n.hash
            ON CONFLICT (hash) DO UPDATE SET named_in = EXCLUDED.named_in
            WHERE blob.named_in < EXCLUDED.named_in
        )";
    format!(
        "WITH moved AS (
            UPDATE heads h SET head = h.head + 1, batch_id = a.batch_id
            FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bytea[])
                WITH ORDINALITY AS a(partition, epoch, head, batch_id, place)
            WHERE h.partition = a.partition AND h.epoch = a.epoch AND h.head = a.head
            RETURNING h.partition, h.head, h.epoch, h.batch_id, a.place
        ), written AS (
            INSERT INTO {table} (partition, position, epoch, batch_id, body)
            SELECT partition, head, epoch, batch_id, ($5::bytea[])[place] FROM moved
            RETURNING partition
        ){blobs}
        SELECT partition FROM written",
        table = table(segment),
        blobs = if with_blobs { blobs } else { "" },
    )
}

/// Appends at most one batch for each partition; answers which were written.
pub(super) async fn append(
    session: &Session,
    segment: i64,
    batches: &[&Append],
) -> Result<Vec<PartitionId>, Trouble> {
    let partitions: Vec<i32> = batches
        .iter()
        .map(|batch| number(batch.partition))
        .collect();
    let epochs: Vec<i64> = batches.iter().map(|batch| batch.epoch as i64).collect();
    let heads: Vec<i64> = batches
        .iter()
        .map(|batch| batch.expected_head as i64)
        .collect();
    let ids: Vec<&[u8]> = batches.iter().map(|batch| &batch.batch_id[..]).collect();
    let bodies: Vec<&[u8]> = batches.iter().map(|batch| &batch.body[..]).collect();
    let blobs = || {
        batches
            .iter()
            .flat_map(|batch| batch.blobs.iter().map(|blob| (batch.partition, blob)))
    };
    let with_blobs = blobs().next().is_some();
    let statement = session.prepared(&statement(segment, with_blobs)).await?;
    let written = if with_blobs {
        let owners: Vec<i32> = blobs().map(|(partition, _)| number(partition)).collect();
        let hashes: Vec<&[u8]> = blobs().map(|(_, blob)| &blob.hash[..]).collect();
        let bytes: Vec<&[u8]> = blobs().map(|(_, blob)| &blob.bytes[..]).collect();
        session
            .client
            .query(
                &statement,
                &[
                    &partitions,
                    &epochs,
                    &heads,
                    &ids,
                    &bodies,
                    &owners,
                    &hashes,
                    &bytes,
                ],
            )
            .await?
    } else {
        let values = [
            &partitions as _,
            &epochs as _,
            &heads as _,
            &ids as _,
            &bodies as _,
        ];
        session.client.query(&statement, &values).await?
    };
    Ok(written.iter().map(|row| partition(row.get(0))).collect())
}

/// Of batches that were not written: those that an earlier attempt had written. Being found here
/// says nothing of the standby, so the row is written once more; when this commit is answered,
/// that one is durable too.
pub(super) async fn confirm(
    session: &Session,
    batches: &[&Append],
) -> Result<Vec<PartitionId>, Trouble> {
    let partitions: Vec<i32> = batches
        .iter()
        .map(|batch| number(batch.partition))
        .collect();
    let heads: Vec<i64> = batches
        .iter()
        .map(|batch| batch.expected_head as i64 + 1)
        .collect();
    let ids: Vec<&[u8]> = batches.iter().map(|batch| &batch.batch_id[..]).collect();
    let sql = "WITH asked AS (
            SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bytea[]) AS a(partition, head, batch_id)
        ), held AS (
            SELECT h.partition FROM heads h
            JOIN asked a ON a.partition = h.partition AND a.head = h.head AND a.batch_id = h.batch_id
            ORDER BY h.partition
            FOR UPDATE OF h
        )
        UPDATE heads h SET batch_id = a.batch_id
        FROM asked a JOIN held USING (partition)
        WHERE h.partition = a.partition AND h.head = a.head AND h.batch_id = a.batch_id
        RETURNING h.partition";
    let statement = session.prepared(sql).await?;
    let rows = session
        .client
        .query(&statement, &[&partitions, &heads, &ids])
        .await?;
    Ok(rows.iter().map(|row| partition(row.get(0))).collect())
}

/// A partition as the tables have it.
pub(super) fn number(partition: PartitionId) -> i32 {
    i32::from(partition.0)
}

fn partition(number: i32) -> PartitionId {
    PartitionId(u16::try_from(number).expect("only what was asked comes back"))
}
