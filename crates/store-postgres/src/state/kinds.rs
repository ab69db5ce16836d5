//! What instances have in common: namespace, workflow, version, status and priority lie once in a
//! table, under a number that the rows carry. Lists and counts by them read an index of numbers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::PoisonError;

use store::{InstanceFilter, InstanceRow, StoreError};
use tokio_postgres::Row;

use crate::connection::Session;
use crate::failure::Trouble;
use crate::text;

/// One kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) namespace: String,
    pub(super) workflow: String,
    pub(super) version: String,
    pub(super) status: String,
    pub(super) priority: String,
}

impl Kind {
    fn of(row: &InstanceRow) -> Self {
        let written = |text: &str| text::written(text).into_owned();
        Self {
            namespace: written(&row.namespace),
            workflow: written(&row.workflow),
            version: written(&row.version),
            status: written(&row.status),
            priority: written(&row.priority),
        }
    }

    /// What a filter says of kinds.
    pub(super) fn matches(&self, filter: &InstanceFilter) -> bool {
        filter.fits_kind(&self.workflow, &self.version, &self.status)
    }

    /// Gives a row what it has in common with others.
    pub(super) fn put_into(&self, row: &mut InstanceRow) {
        row.namespace.clone_from(&self.namespace);
        row.workflow.clone_from(&self.workflow);
        row.version.clone_from(&self.version);
        row.status.clone_from(&self.status);
        row.priority.clone_from(&self.priority);
    }
}

/// Writes what tells a kind from others into a text, without making one anew.
fn name(row: &InstanceRow, into: &mut String) {
    into.clear();
    for part in [
        &row.namespace,
        &row.workflow,
        &row.version,
        &row.status,
        &row.priority,
    ] {
        into.push_str(part);
        into.push('\0');
    }
}

/// Kinds known to one connection; past it all are forgotten, and looked up again.
const KNOWN: usize = 20_000;

/// The numbers of these rows' kinds, in their order; kinds that were never seen are made.
pub(super) async fn numbers<'a>(
    session: &Session,
    rows: impl Iterator<Item = &'a InstanceRow> + Clone,
) -> Result<Vec<i32>, Trouble> {
    let missing = missing(session, rows.clone());
    if !missing.is_empty() {
        let made = make(session, missing.values()).await?;
        let names = missing
            .into_iter()
            .filter_map(|(name, kind)| Some((name, *made.get(&kind)?)));
        known(session).extend(names);
    }
    let known = known(session);
    let mut text = String::new();
    let number = |row: &InstanceRow| {
        name(row, &mut text);
        known
            .get(&text)
            .copied()
            .ok_or_else(|| damaged("expected a kind that was just made").into())
    };
    rows.map(number).collect()
}

fn known(session: &Session) -> std::sync::MutexGuard<'_, HashMap<String, i32>> {
    session.kinds.lock().unwrap_or_else(PoisonError::into_inner)
}

fn missing<'a>(
    session: &Session,
    rows: impl Iterator<Item = &'a InstanceRow>,
) -> BTreeMap<String, Kind> {
    let mut known = known(session);
    if known.len() > KNOWN {
        known.clear();
    }
    let (mut missing, mut text) = (BTreeMap::new(), String::new());
    for row in rows {
        name(row, &mut text);
        if !known.contains_key(&text) && !missing.contains_key(&text) {
            missing.insert(text.clone(), Kind::of(row));
        }
    }
    missing
}

/// Makes kinds that are not there, outside any transaction: another node may need the same one.
async fn make(
    session: &Session,
    kinds: impl Iterator<Item = &Kind>,
) -> Result<BTreeMap<Kind, i32>, Trouble> {
    let kinds: BTreeSet<&Kind> = kinds.collect();
    let column = |of: fn(&Kind) -> &str| kinds.iter().map(|kind| of(kind)).collect::<Vec<&str>>();
    let columns = [
        column(|kind| &kind.namespace),
        column(|kind| &kind.workflow),
        column(|kind| &kind.version),
        column(|kind| &kind.status),
        column(|kind| &kind.priority),
    ];
    let values = [
        &columns[0] as _,
        &columns[1] as _,
        &columns[2] as _,
        &columns[3] as _,
        &columns[4] as _,
    ];
    let asked = "unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) \
                 AS a(namespace, workflow, version, status, priority)";
    let insert = format!(
        "INSERT INTO kind (namespace, workflow, version, status, priority) \
         SELECT * FROM {asked} ON CONFLICT DO NOTHING"
    );
    let select = format!(
        "SELECT {COLUMNS} FROM kind k JOIN {asked} USING (namespace, workflow, version, status, priority)"
    );
    session.client.execute(&insert, &values).await?;
    let rows = session.client.query(&select, &values).await?;
    Ok(rows.iter().map(|row| (stored(row), row.get(0))).collect())
}

const COLUMNS: &str = "k.kind, namespace, workflow, version, status, priority";

/// The kind that stands in a row from this column on, as its texts were before they were written.
pub(super) fn beside(row: &Row, column: usize) -> Result<Kind, StoreError> {
    let text = |place: usize| {
        let text: Option<String> = row.get(column + place);
        text.map(text::read)
            .ok_or_else(|| damaged("expected the kind that a row names"))
    };
    Ok(Kind {
        namespace: text(0)?,
        workflow: text(1)?,
        version: text(2)?,
        status: text(3)?,
        priority: text(4)?,
    })
}

/// As its texts are written.
fn stored(row: &Row) -> Kind {
    Kind {
        namespace: row.get(1),
        workflow: row.get(2),
        version: row.get(3),
        status: row.get(4),
        priority: row.get(5),
    }
}

/// All kinds by number, as texts were before they were written.
pub(super) async fn all(session: &Session) -> Result<HashMap<i32, Kind>, Trouble> {
    let sql = format!("SELECT {COLUMNS} FROM kind k");
    let statement = session.prepared(&sql).await?;
    let rows = session.client.query(&statement, &[]).await?;
    let kind = |row: &Row| Ok((row.get(0), beside(row, 1)?));
    rows.iter().map(kind).collect()
}

/// The kind of a row that was read.
pub(super) fn find(kinds: &HashMap<i32, Kind>, number: i32) -> Result<&Kind, StoreError> {
    let missing = || {
        damaged(&format!(
            "expected kind {number}, which a row names, but there is none"
        ))
    };
    kinds.get(&number).ok_or_else(missing)
}

fn damaged(detail: &str) -> StoreError {
    StoreError::Corrupt {
        place: "the table of kinds".into(),
        detail: format!("{detail}; restore the database from a backup"),
    }
}
