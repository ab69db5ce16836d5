//! SQLite's own check of every file.

use rusqlite::Connection;
use store::StoreError;

use super::bucket::Buckets;
use super::filed::Filing;
use super::packed;
use super::readers::Reader;
use super::recent::INTACT;
use crate::failure::{corrupt, sqlite_failure};

impl Reader {
    /// Every damage that SQLite finds in `state.db` and in the buckets.
    pub(crate) fn integrity(&mut self) -> Vec<StoreError> {
        let mut findings = check("state.db", &self.state);
        findings.extend(told("state.db", packed::damage(&self.state)));
        let buckets = self.view.read().expect(INTACT).buckets.clone();
        for bucket in buckets.iter() {
            match self.bucket(bucket) {
                Ok(None) => {}
                Ok(Some(connection)) => {
                    let place = Buckets::place(bucket.start);
                    findings.extend(check(&place, connection));
                    findings.extend(told(&place, Filing::of(connection).damage()));
                }
                Err(error) => findings.push(error),
            }
        }
        findings
    }
}

fn check(place: &str, connection: &Connection) -> Vec<StoreError> {
    let run = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("PRAGMA integrity_check")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    told(
        place,
        run().map(|mut lines| {
            lines.retain(|line| line != "ok");
            lines
        }),
    )
}

/// What was found damaged in a file, or why that could not be found out.
fn told(place: &str, found: rusqlite::Result<Vec<String>>) -> Vec<StoreError> {
    match found {
        Ok(lines) => lines
            .into_iter()
            .map(|line| corrupt(place.to_owned(), line))
            .collect(),
        Err(error) => vec![sqlite_failure(place, error)],
    }
}
