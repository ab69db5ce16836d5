//! Counts, by number of kind first: what an index holds.

use std::collections::{BTreeMap, HashMap};

use store::{Count, CountBy, InstanceFilter, InstanceRow};

use super::buckets::{self, Bucket, BucketSpan, Place};
use super::conditions::Conditions;
use super::kinds::{self, Kind};
use super::list::MOMENT;
use crate::connection::Session;
use crate::failure::Trouble;

/// Tables counted in one statement.
const STEP: usize = 32;

/// How many instances there are, by group.
pub(crate) async fn count(
    session: &Session,
    span: BucketSpan,
    filter: &InstanceFilter,
    by: CountBy,
) -> Result<Vec<Count>, Trouble> {
    session.client.batch_execute(MOMENT).await?;
    let kinds = kinds::all(session).await?;
    let counted = match Conditions::of(filter, &kinds) {
        None => HashMap::new(),
        Some(conditions) => {
            let buckets = buckets::all(session).await?;
            let buckets = buckets
                .iter()
                .filter(|bucket| bucket.concerns(filter, span));
            let mut places = vec![Place::Open];
            places.extend(buckets.map(Bucket::place));
            by_kind(session, &places, &conditions).await?
        }
    };
    session.client.batch_execute("COMMIT").await?;
    let mut groups: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for (number, count) in counted {
        *groups
            .entry(group(kinds::find(&kinds, number)?, by))
            .or_default() += count;
    }
    if by == CountBy::Nothing && groups.is_empty() {
        groups.insert(vec![], 0);
    }
    let counted = |(group, count)| Count { group, count };
    Ok(groups.into_iter().map(counted).collect())
}

async fn by_kind(
    session: &Session,
    places: &[Place],
    conditions: &Conditions,
) -> Result<HashMap<i32, u64>, Trouble> {
    let mut counted: HashMap<i32, u64> = HashMap::new();
    for step in places.chunks(STEP) {
        let arm = |place: &Place| {
            let (table, conditions) = (place.rows(), conditions.sql());
            format!("SELECT kind, count(*) AS number FROM {table} WHERE {conditions} GROUP BY kind")
        };
        let arms: Vec<String> = step.iter().map(arm).collect();
        let sql = arms.join(" UNION ALL ");
        for row in session
            .client
            .query_typed(&sql, &conditions.values())
            .await?
        {
            *counted.entry(row.get(0)).or_default() += row.get::<_, i64>(1).unsigned_abs();
        }
    }
    Ok(counted)
}

fn group(kind: &Kind, by: CountBy) -> Vec<String> {
    let mut row = InstanceRow::default();
    kind.put_into(&mut row);
    row.group(by)
}
