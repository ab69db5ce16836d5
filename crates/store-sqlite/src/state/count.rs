//! Counts over open instances, the recently ended and the buckets.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, Row, params_from_iter};
use store::{Count, CountBy, EntityId, InstanceFilter, StoreError};

use super::bucket::{Bucket, Buckets};
use super::conditions::{Conditions, judged_by_sql};
use super::filed::Filing;
use super::readers::Reader;
use super::recent::View;
use super::rows::{COLUMNS, SOURCE, read_row};
use crate::failure::sqlite_failure;

type Groups = BTreeMap<Vec<String>, u64>;

/// What the view answers at the count's moment.
struct Looked {
    groups: Groups,
    /// Those that concern the filter, newest first.
    buckets: Vec<Bucket>,
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
        let groups = self.at_one_moment(
            |view| look(view, filter, by),
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
        let open = add_open(&self.state, filter, by, &mut groups);
        open.map_err(|error| sqlite_failure("state.db", error))?;
        let none = BTreeSet::new();
        for bucket in &looked.buckets {
            let hidden = looked.hidden.get(&bucket.start).unwrap_or(&none);
            let Some(connection) = self.bucket(bucket)? else {
                continue;
            };
            let added = add_filed(connection, filter, by, hidden, &mut groups);
            added.map_err(|error| Buckets::failure(bucket.start, error))?;
        }
        Ok(groups)
    }
}

fn look(view: &View, filter: &InstanceFilter, by: CountBy) -> (Looked, Vec<Bucket>) {
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
        if view.may_hold_copy(ended) {
            hidden.entry(ended.bucket).or_default().insert(row.id);
        }
    }
    let concerned = view.buckets.iter().rev();
    let buckets: Vec<Bucket> = concerned
        .filter(|bucket| bucket.concerns(filter))
        .cloned()
        .collect();
    let looked = Looked {
        groups,
        buckets: buckets.clone(),
        hidden,
    };
    (looked, buckets)
}

/// Adds the groups of open instances.
fn add_open(
    connection: &Connection,
    filter: &InstanceFilter,
    by: CountBy,
    groups: &mut Groups,
) -> rusqlite::Result<()> {
    if judged_by_sql(filter) {
        add_grouped(connection, filter, by, groups)
    } else {
        add_each(connection, filter, by, groups)
    }
}

/// Adds a bucket's groups.
fn add_filed(
    connection: &Connection,
    filter: &InstanceFilter,
    by: CountBy,
    hidden: &BTreeSet<EntityId>,
    groups: &mut Groups,
) -> rusqlite::Result<()> {
    let mut filing = Filing::of(connection);
    if !judged_by_kind(filter) {
        return filing.matching(filter, i64::MAX, |row| {
            if !hidden.contains(&row.id) {
                *groups.entry(row.group(by)).or_default() += 1;
            }
            true
        });
    }
    for kind in filing.kinds()? {
        if kind.instances > 0 && kind.fits(filter) {
            *groups.entry(kind.group(by)).or_default() += kind.instances;
        }
    }
    for id in hidden {
        let Some((_, filed)) = filing.find(id)? else {
            continue;
        };
        if filter.matches(&filed.row)
            && let Entry::Occupied(mut group) = groups.entry(filed.row.group(by))
        {
            *group.get_mut() -= 1;
            if *group.get() == 0 {
                group.remove();
            }
        }
    }
    Ok(())
}

/// Whether the counts of a bucket's kinds answer for a filter.
fn judged_by_kind(filter: &InstanceFilter) -> bool {
    let kinds_alone = InstanceFilter {
        statuses: filter.statuses.clone(),
        workflow: filter.workflow.clone(),
        version: filter.version.clone(),
        ..InstanceFilter::default()
    };
    *filter == kinds_alone
}

/// Groups are made of kinds: the rows are only told apart by their kind's number.
fn add_grouped(
    connection: &Connection,
    filter: &InstanceFilter,
    by: CountBy,
    groups: &mut Groups,
) -> rusqlite::Result<()> {
    let columns: &[&str] = match by {
        CountBy::Nothing => return add_all(connection, filter, groups),
        CountBy::Status => &["status"],
        CountBy::Workflow => &["workflow"],
        CountBy::Version => &["workflow", "version"],
    };
    let sql = format!("SELECT kind, {} FROM kind", columns.join(", "));
    let mut statement = connection.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, read_group(row, columns.len())?));
    let kinds: HashMap<i64, Vec<String>> =
        statement.query_map([], read)?.collect::<Result<_, _>>()?;
    for (kind, count) in tally(connection, filter)? {
        if let Some(group) = kinds.get(&kind) {
            *groups.entry(group.clone()).or_default() += count;
        }
    }
    Ok(())
}

fn add_all(
    connection: &Connection,
    filter: &InstanceFilter,
    groups: &mut Groups,
) -> rusqlite::Result<()> {
    let conditions = Conditions::of(filter);
    let sql = format!("SELECT count(*) FROM instance{}", conditions.sql());
    let mut statement = connection.prepare_cached(&sql)?;
    let count = statement.query_row(params_from_iter(conditions.values), |row| {
        row.get::<_, i64>(0)
    })?;
    if count > 0 {
        *groups.entry(vec![]).or_default() += count as u64;
    }
    Ok(())
}

/// How many matching rows each kind has. The rows come in the order of an index, which is seldom
/// that of the kinds; adding up here is cheaper than having SQLite sort them.
fn tally(connection: &Connection, filter: &InstanceFilter) -> rusqlite::Result<HashMap<i64, u64>> {
    let conditions = Conditions::of(filter);
    let sql = format!("SELECT instance.kind FROM instance{}", conditions.sql());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(conditions.values))?;
    let mut counts = HashMap::new();
    while let Some(row) = rows.next()? {
        *counts.entry(row.get(0)?).or_default() += 1;
    }
    Ok(counts)
}

/// The texts behind a kind's number.
fn read_group(row: &Row<'_>, columns: usize) -> rusqlite::Result<Vec<String>> {
    (1..=columns).map(|column| row.get(column)).collect()
}

fn add_each(
    connection: &Connection,
    filter: &InstanceFilter,
    by: CountBy,
    groups: &mut Groups,
) -> rusqlite::Result<()> {
    let conditions = Conditions::of(filter);
    let sql = format!("SELECT {COLUMNS} FROM {SOURCE}{}", conditions.sql());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(conditions.values))?;
    while let Some(row) = rows.next()? {
        let row = read_row(row)?;
        if filter.matches(&row) {
            *groups.entry(row.group(by)).or_default() += 1;
        }
    }
    Ok(())
}
