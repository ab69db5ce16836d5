//! The tables, and how an older store gets those of today: ordered files, applied once each, only
//! forward, by one node at a time.

use std::io;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::failure::{Trouble, io_refusal};

/// One step forward.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    /// The schema's version behind it; each is one more than the one before.
    version: i32,
    /// The oldest version that a binary may know and still work with the schema behind this step:
    /// nodes of two versions run side by side during an upgrade.
    compatible_from: i32,
    sql: &'static str,
}

/// Since which version it is noted what names blobs.
pub(crate) const BLOB_USES: i32 = 7;

/// All steps, in order.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        compatible_from: 1,
        sql: include_str!("0001_store.sql"),
    },
    Migration {
        version: 2,
        compatible_from: 2,
        sql: include_str!("0002_named_nodes.sql"),
    },
    // A binary that knows no classes would file what is kept for long with what goes soon.
    Migration {
        version: 3,
        compatible_from: 3,
        sql: include_str!("0003_classes.sql"),
    },
    // A binary that knows no pause runs beside others during an upgrade; until it is over, pausing does not hold it.
    Migration {
        version: 4,
        compatible_from: 3,
        sql: include_str!("0004_paused.sql"),
    },
    Migration {
        version: 5,
        compatible_from: 3,
        sql: include_str!("0005_events.sql"),
    },
    Migration {
        version: 6,
        compatible_from: 3,
        sql: include_str!("0006_rollups.sql"),
    },
    // A binary that does not note what names blobs runs beside others until the first sweep, which waits for
    // the last of them to go, and lets none come back.
    Migration {
        version: BLOB_USES,
        compatible_from: 3,
        sql: include_str!("0007_blob_uses.sql"),
    },
    Migration {
        version: 8,
        compatible_from: 3,
        sql: include_str!("0008_windows.sql"),
    },
    Migration {
        version: 9,
        compatible_from: 3,
        sql: include_str!("0009_format.sql"),
    },
];

/// How often the first tables are tried again when another node makes them at the same moment.
const TRIES: usize = 10;

/// Where the versions stand, and the row that is locked while they change. (A row, not an advisory
/// lock: not every compatible database has those.)
const VERSIONS: &str = "
CREATE TABLE IF NOT EXISTS migration (
    version integer PRIMARY KEY,
    compatible_from integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS migration_lock (one integer PRIMARY KEY);
INSERT INTO migration_lock VALUES (1) ON CONFLICT DO NOTHING;
";

/// Brings the schema to this binary's version, or says why not.
pub(crate) async fn migrate(client: &Client, schema: &str, may: bool) -> Result<(), Trouble> {
    bring_to(client, schema, may, MIGRATIONS).await
}

async fn bring_to(
    client: &Client,
    schema: &str,
    may: bool,
    steps: &[Migration],
) -> Result<(), Trouble> {
    let known = steps.last().map_or(0, |step| step.version);
    let found = found(client, schema).await?;
    match decide(found, known, may) {
        Verdict::Ready => return Ok(()),
        Verdict::Refused(detail, cure) => return Err(refused(&detail, cure)),
        Verdict::Migrate => {}
    }
    make_versions(client, schema).await?;
    client.batch_execute("BEGIN").await?;
    let lock = "SELECT one FROM migration_lock WHERE one = 1 FOR UPDATE";
    client.query_one(lock, &[]).await?;
    // Another node may have been here while this one waited.
    let present = self::found(client, schema)
        .await?
        .map_or(0, |found| found.version);
    for step in steps.iter().filter(|step| step.version > present) {
        // What an earlier step, or what was done since, has excluded stays so.
        let note = "INSERT INTO migration (version, compatible_from) \
                    SELECT $1::integer, GREATEST($2::integer, max(compatible_from)) FROM migration";
        client
            .execute(note, &[&step.version, &step.compatible_from])
            .await?;
        client.batch_execute(step.sql).await?;
        tracing::info!(
            schema,
            version = step.version,
            "the database's schema was brought forward"
        );
    }
    client.batch_execute("COMMIT").await?;
    Ok(())
}

/// What the database says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    version: i32,
    compatible_from: i32,
}

async fn found(client: &Client, schema: &str) -> Result<Option<Found>, Trouble> {
    let present = "SELECT count(*) FROM information_schema.tables \
                   WHERE table_schema = $1 AND table_name = 'migration'";
    if client
        .query_one(present, &[&schema])
        .await?
        .get::<_, i64>(0)
        == 0
    {
        return Ok(None);
    }
    let sql = "SELECT version, compatible_from FROM migration ORDER BY version DESC LIMIT 1";
    let row = client.query_opt(sql, &[]).await?;
    Ok(row.map(|row| Found {
        version: row.get(0),
        compatible_from: row.get(1),
    }))
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Ready,
    Migrate,
    Refused(String, &'static str),
}

/// What to do with a schema of one version when another is known.
fn decide(found: Option<Found>, known: i32, may: bool) -> Verdict {
    match found {
        Some(found) if found.version > known && found.compatible_from > known => Verdict::Refused(
            format!(
                "expected a schema of version {known} or one that works with it, but the \
                 database's is {}, which needs a binary that knows {}",
                found.version, found.compatible_from
            ),
            "run the newer binary, or restore the database as it was before the upgrade",
        ),
        Some(found) if found.version >= known => Verdict::Ready,
        _ if may => Verdict::Migrate,
        Some(found) => Verdict::Refused(
            format!(
                "expected a schema of version {known}, but the database's is {}, and this process \
                 may not migrate it",
                found.version
            ),
            "let one node start with leave to migrate",
        ),
        None => Verdict::Refused(
            "expected the store's tables, but there are none, and this process may not make them"
                .into(),
            "check the database and the schema's name, or let one node start with leave to migrate",
        ),
    }
}

fn refused(detail: &str, cure: &str) -> Trouble {
    let kind = io::ErrorKind::Unsupported;
    Trouble::Store(io_refusal("opening the store", kind, detail, cure))
}

/// Makes what the versions are kept in. `IF NOT EXISTS` does not keep two nodes from making the
/// same table at once; the later one fails, and finds it when it looks again.
async fn make_versions(client: &Client, schema: &str) -> Result<(), Trouble> {
    let mut tries = 0;
    loop {
        tries += 1;
        // Where the schema is there, leave to make one is not needed.
        let there = "SELECT count(*) FROM pg_namespace WHERE nspname = $1";
        let make = match client.query_one(there, &[&schema]).await?.get::<_, i64>(0) {
            0 => format!("CREATE SCHEMA \"{schema}\"; {VERSIONS}"),
            _ => VERSIONS.to_owned(),
        };
        let Err(error) = client.batch_execute(&make).await else {
            return Ok(());
        };
        let raced = [
            SqlState::UNIQUE_VIOLATION,
            SqlState::DUPLICATE_SCHEMA,
            SqlState::DUPLICATE_TABLE,
            SqlState::DUPLICATE_OBJECT,
            SqlState::INTERNAL_ERROR,
        ];
        let again = error.code().is_some_and(|code| raced.contains(code));
        if !again || tries == TRIES {
            return Err(error.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: Option<(i32, i32)>, known: i32, may: bool, expected: &str) {
        let found = found.map(|(version, compatible_from)| Found {
            version,
            compatible_from,
        });
        let verdict = format!("{:?}", decide(found, known, may));
        assert!(
            verdict.contains(expected),
            "{found:?} for {known}: {verdict}"
        );
    }

    #[test]
    fn what_becomes_of_a_schema() {
        check(None, 3, true, "Migrate");
        check(None, 3, false, "there are none");
        check(Some((2, 1)), 3, true, "Migrate");
        check(Some((2, 1)), 3, false, "the database's is 2");
        check(Some((3, 2)), 3, false, "Ready");
        check(Some((4, 3)), 3, true, "Ready");
        check(Some((5, 4)), 3, true, "which needs a binary that knows 4");
    }

    #[test]
    fn versions_are_counted_without_a_gap() {
        for (step, version) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(step.version, version);
            assert!(step.compatible_from <= version);
        }
    }
}
