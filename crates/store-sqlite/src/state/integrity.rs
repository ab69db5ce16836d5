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
        match packed::damage(&self.state) {
            Ok(found) => {
                findings.extend(
                    found
                        .into_iter()
                        .map(|what| corrupt("state.db".into(), what)),
                );
            }
            Err(error) => findings.push(sqlite_failure("state.db", error)),
        }
        let buckets = self.view.read().expect(INTACT).buckets.clone();
        for bucket in buckets.iter() {
            match self.bucket(bucket) {
                Ok(None) => {}
                Ok(Some(connection)) => {
                    let place = Buckets::place(bucket.start);
                    findings.extend(check(&place, connection));
                    match Filing::of(connection).damage() {
                        Ok(found) => {
                            findings
                                .extend(found.into_iter().map(|what| corrupt(place.clone(), what)));
                        }
                        Err(error) => findings.push(sqlite_failure(&place, error)),
                    }
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
    match run() {
        Ok(lines) => lines
            .into_iter()
            .filter(|line| line != "ok")
            .map(|line| corrupt(place.to_owned(), line))
            .collect(),
        Err(error) => vec![sqlite_failure(place, error)],
    }
}
