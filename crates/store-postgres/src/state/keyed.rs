//! Keyed tables: lookups and scans. Their primary key is (key, slot), the order of every scan, so
//! a page is one range of one index however many slots or partitions there are.

use bytes::Bytes;
use store::{Row, Scan, Slot, Table};
use tokio_postgres::types::{ToSql, Type};

use crate::connection::Session;
use crate::failure::Trouble;

/// The values of rows, in one round trip.
pub(crate) async fn get_many(
    session: &Session,
    table: Table,
    keys: &[(Slot, Bytes)],
) -> Result<Vec<Option<Bytes>>, Trouble> {
    // A plan for one key is not made for many, and each is looked up by the primary key.
    let sql = format!(
        "SELECT place, value FROM unnest($1::integer[], $2::bytea[]) WITH ORDINALITY AS asked (slot, key, place) \
         CROSS JOIN LATERAL (SELECT value FROM keyed_{} AS held WHERE held.key = asked.key AND held.slot = asked.slot \
         OFFSET 0) AS found",
        table.name()
    );
    let statement = session.prepared(&sql).await?;
    let slots: Vec<i32> = keys.iter().map(|(slot, _)| i32::from(*slot)).collect();
    let texts: Vec<&[u8]> = keys.iter().map(|(_, key)| &key[..]).collect();
    let rows = session.client.query(&statement, &[&slots, &texts]).await?;
    let mut found = vec![None; keys.len()];
    for row in rows {
        let place = usize::try_from(row.get::<_, i64>(0)).unwrap_or_default();
        if let Some(at) = found.get_mut(place.wrapping_sub(1)) {
            *at = Some(Bytes::copy_from_slice(row.get(1)));
        }
    }
    Ok(found)
}

/// Rows in the order of (key, slot).
pub(crate) async fn scan(session: &Session, scan: &Scan) -> Result<Vec<Row>, Trouble> {
    let after = scan
        .after
        .as_ref()
        .map(|(key, slot)| (&key[..], i32::from(*slot)));
    let end = prefix_end(&scan.prefix);
    let (from, to) = (i32::from(*scan.slots.start()), i32::from(*scan.slots.end()));
    let limit = i64::try_from(scan.limit).unwrap_or(i64::MAX);
    let prefix = &scan.prefix[..];
    let mut values: Vec<(&(dyn ToSql + Sync), Type)> =
        vec![(&from, Type::INT4), (&to, Type::INT4), (&limit, Type::INT8)];
    let mut conditions = String::from("slot BETWEEN $1 AND $2");
    if let Some((key, slot)) = &after {
        let sign = if scan.reverse { '<' } else { '>' };
        values.extend([(key as _, Type::BYTEA), (slot as _, Type::INT4)]);
        conditions.push_str(&format!(
            " AND (key, slot) {sign} (${}, ${})",
            values.len() - 1,
            values.len()
        ));
    }
    if !scan.prefix.is_empty() {
        values.push((&prefix, Type::BYTEA));
        conditions.push_str(&format!(" AND key >= ${}", values.len()));
    }
    if let Some(end) = &end {
        values.push((end, Type::BYTEA));
        conditions.push_str(&format!(" AND key < ${}", values.len()));
    }
    let order = if scan.reverse {
        "key DESC, slot DESC"
    } else {
        "key, slot"
    };
    let sql = format!(
        "SELECT slot, key, value FROM keyed_{} WHERE {conditions} ORDER BY {order} LIMIT $3",
        scan.table.name()
    );
    let rows = session.client.query_typed(&sql, &values).await?;
    Ok(rows.iter().map(row).collect())
}

fn row(row: &tokio_postgres::Row) -> Row {
    Row {
        slot: row.get::<_, i32>(0) as Slot,
        key: Bytes::copy_from_slice(row.get(1)),
        value: Bytes::copy_from_slice(row.get(2)),
    }
}

/// The first key behind all keys with a prefix, if there is one.
fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end() {
        for (prefix, end) in [
            (&b""[..], None),
            (&b"a"[..], Some(&b"b"[..])),
            (&[1, 0xff, 0xff], Some(&[2])),
            (&[0xff, 0xff], None),
        ] {
            assert_eq!(prefix_end(prefix).as_deref(), end, "{prefix:?}");
        }
    }
}
