//! Counts over open instances, the recently ended and the buckets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::{Connection, Row, params_from_iter};
use store::{Count, CountBy, EntityId, InstanceFilter, StoreError};

use super::bucket::{Bucket, Buckets};
use super::conditions::{Conditions, judged_by_sql};
use super::readers::Reader;
use super::recent::View;
use super::rows::{COLUMNS, read_row};
use crate::failure::sqlite_failure;

type Groups = BTreeMap<Vec<String>, u64>;

/// What the view answers at the count's moment.
struct Looked {
    groups: Groups,
    buckets: Arc<Vec<Bucket>>,
    /// Rows of buckets that do not count.
    hidden: BTreeMap<i64, BTreeSet<EntityId>>,
}

impl Reader {
    /// How many instances match, by group.
    pub(crate) fn count(
        &mut self,
        filter: &InstanceFilter,
        by: CountBy,
    ) -> Result<Vec<Count>, StoreError> {
        let buckets = self.buckets.clone();
        let groups = self.at_one_moment(
            |view| look(view, &buckets, filter, by),
            |reader, looked| reader.add_up(looked, filter, by),
        )?;
        let mut counts: Vec<_> = groups
            .into_iter()
            .map(|(group, count)| Count { group, count })
            .collect();
        if by == CountBy::Nothing && counts.is_empty() {
            counts.push(Count {
                group: vec![],
                count: 0,
            });
        }
        Ok(counts)
    }

    fn add_up(
        &mut self,
        looked: Looked,
        filter: &InstanceFilter,
        by: CountBy,
    ) -> Result<Groups, StoreError> {
        let mut groups = looked.groups;
        let none = BTreeSet::new();
        let open = add(&self.state, filter, by, &none, &mut groups);
        open.map_err(|error| sqlite_failure("state.db", error))?;
        for bucket in looked
            .buckets
            .iter()
            .filter(|bucket| bucket.concerns(filter))
        {
            let hidden = looked.hidden.get(&bucket.start).unwrap_or(&none);
            let added = add(self.bucket(bucket)?, filter, by, hidden, &mut groups);
            added.map_err(|error| Buckets::failure(bucket.start, error))?;
        }
        Ok(groups)
    }
}

fn look(view: &View, buckets: &Buckets, filter: &InstanceFilter, by: CountBy) -> Looked {
    let mut groups = Groups::new();
    let mut hidden: BTreeMap<i64, BTreeSet<EntityId>> = BTreeMap::new();
    for (start, id) in view.superseded.keys() {
        hidden.entry(*start).or_default().insert(*id);
    }
    for ended in view.recent.all() {
        let row = &ended.family.row;
        if filter.matches(row) {
            *groups.entry(row.group(by)).or_default() += 1;
        }
        if ended.family.replaces {
            let start = buckets.start_of(row.ended_at.unwrap_or(row.updated_at));
            hidden.entry(start).or_default().insert(row.id);
        }
    }
    Looked {
        groups,
        buckets: view.buckets.clone(),
        hidden,
    }
}

/// Adds one file's groups.
fn add(
    connection: &Connection,
    filter: &InstanceFilter,
    by: CountBy,
    hidden: &BTreeSet<EntityId>,
    groups: &mut Groups,
) -> rusqlite::Result<()> {
    if judged_by_sql(filter) && hidden.is_empty() {
        add_grouped(connection, filter, by, groups)
    } else {
        add_each(connection, filter, by, hidden, groups)
    }
}

fn add_grouped(
    connection: &Connection,
    filter: &InstanceFilter,
    by: CountBy,
    groups: &mut Groups,
) -> rusqlite::Result<()> {
    let conditions = Conditions::of(filter);
    let columns: &[&str] = match by {
        CountBy::Nothing => &[],
        CountBy::Status => &["status"],
        CountBy::Workflow => &["workflow"],
        CountBy::Version => &["workflow", "version"],
    };
    let list = columns.join(", ");
    let (lead, group) = if columns.is_empty() {
        (String::new(), String::new())
    } else {
        (format!("{list}, "), format!(" GROUP BY {list}"))
    };
    let sql = format!(
        "SELECT {lead}count(*) FROM instance{}{group}",
        conditions.sql()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(conditions.values))?;
    while let Some(row) = rows.next()? {
        let (group, count) = read_group(row, columns.len())?;
        *groups.entry(group).or_default() += count;
    }
    Ok(())
}

fn read_group(row: &Row<'_>, columns: usize) -> rusqlite::Result<(Vec<String>, u64)> {
    let group: rusqlite::Result<_> = (0..columns).map(|column| row.get(column)).collect();
    Ok((group?, row.get::<_, i64>(columns)? as u64))
}

fn add_each(
    connection: &Connection,
    filter: &InstanceFilter,
    by: CountBy,
    hidden: &BTreeSet<EntityId>,
    groups: &mut Groups,
) -> rusqlite::Result<()> {
    let conditions = Conditions::of(filter);
    let sql = format!("SELECT {COLUMNS} FROM instance{}", conditions.sql());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(conditions.values))?;
    while let Some(row) = rows.next()? {
        let row = read_row(row)?;
        if !hidden.contains(&row.id) && filter.matches(&row) {
            *groups.entry(row.group(by)).or_default() += 1;
        }
    }
    Ok(())
}
