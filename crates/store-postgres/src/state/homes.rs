//! Where instances are before a change.

use std::collections::HashMap;

use uuid::Uuid;

use super::buckets::{Bucket, Place};
use crate::connection::Session;
use crate::failure::Trouble;

/// Where one instance is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Home {
    /// Where its row is, if it has one.
    pub(super) row: Option<Place>,
    /// Its chunks and history lie in its row, not in the table beside it.
    pub(super) inline: bool,
    /// Bytes of its chunks and history among those of the open; none when it has none there.
    pub(super) open_parts: Option<i64>,
}

/// The homes of these instances, given in ascending order; one that is nowhere is left out.
pub(super) async fn find(
    session: &Session,
    buckets: &[Bucket],
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Home>, Trouble> {
    let mut sql = String::from(
        "SELECT id, 0 AS place, NULL::bigint AS parts, false AS inline FROM instance WHERE id = ANY($1) \
         UNION ALL SELECT id, -1, sum(octet_length(bytes)), false FROM part WHERE id = ANY($1) GROUP BY id",
    );
    for bucket in buckets.iter().filter(|bucket| bucket.may_hold(ids)) {
        let (number, rows) = (bucket.number, bucket.place().rows());
        sql.push_str(&format!(
            " UNION ALL SELECT id, {number}, NULL, parts IS NOT NULL FROM {rows} WHERE id = ANY($1)"
        ));
    }
    let statement = session.prepared(&sql).await?;
    let mut homes: HashMap<Uuid, Home> = HashMap::new();
    for row in session.client.query(&statement, &[&ids]).await? {
        let home = homes.entry(row.get(0)).or_default();
        match row.get::<_, i32>(1) {
            -1 => home.open_parts = Some(row.get::<_, Option<i64>>(2).unwrap_or(0)),
            0 => home.row = Some(Place::Open),
            number => {
                home.row = Some(Place::Ended(number));
                home.inline = row.get(3);
            }
        }
    }
    Ok(homes)
}
