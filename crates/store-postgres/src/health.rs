//! What `readyz` and `doctor` ask of the database.

use std::time::{Duration, Instant};

use store::StoreError;

use crate::PostgresStore;
use crate::connection::{Session, with_session};
use crate::failure::Trouble;

/// Whether commits are kept by a second server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standby {
    /// The server is not told to wait for any: what it alone has committed is lost with its disk.
    NotConfigured,
    /// As many as it waits for are connected.
    Connected {
        /// How many it waits for.
        wanted: u32,
    },
    /// Fewer than it waits for are connected: commits wait until they come back, or until an
    /// operator takes them out of `synchronous_standby_names`.
    Missing {
        /// How many it waits for.
        wanted: u32,
        /// How many of them are connected.
        connected: u32,
        /// The server's setting.
        setting: String,
    },
    /// The store's user may not see: it needs the role `pg_monitor`.
    NotPermitted,
}

impl PostgresStore {
    /// How long the database takes to answer.
    ///
    /// # Errors
    /// `Unavailable` when it does not.
    pub async fn ping(&self) -> Result<Duration, StoreError> {
        with_session!(
            self.readers,
            "asking whether the database answers",
            |session| ping(session)
        )
    }

    /// Whether the standbys are there that the server waits for.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn standby(&self) -> Result<Standby, StoreError> {
        with_session!(self.readers, "looking for standbys", |session| standby(
            session
        ))
    }
}

async fn ping(session: &Session) -> Result<Duration, Trouble> {
    let began = Instant::now();
    session.client.batch_execute("SELECT 1").await?;
    Ok(began.elapsed())
}

async fn standby(session: &Session) -> Result<Standby, Trouble> {
    let sql = "SELECT current_setting('synchronous_standby_names'), \
               count(*) FILTER (WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')), \
               count(*) FILTER (WHERE state IS NULL) FROM pg_stat_replication";
    let row = session.client.query_one(sql, &[]).await?;
    let (setting, connected, hidden): (String, i64, i64) = (row.get(0), row.get(1), row.get(2));
    let connected = u32::try_from(connected).unwrap_or(u32::MAX);
    Ok(judge(setting, connected, hidden > 0))
}

fn judge(setting: String, connected: u32, hidden: bool) -> Standby {
    let wanted = wanted(&setting);
    if wanted == 0 {
        Standby::NotConfigured
    } else if connected >= wanted {
        Standby::Connected { wanted }
    } else if hidden {
        Standby::NotPermitted
    } else {
        Standby::Missing {
            wanted,
            connected,
            setting,
        }
    }
}

/// How many standbys a setting asks for: `FIRST 2 (a, b)`, `ANY 2 (a, b)`, `2 (a, b)`, or a mere
/// list, of which the first one that is there counts.
fn wanted(setting: &str) -> u32 {
    let setting = setting.trim();
    if setting.is_empty() {
        return 0;
    }
    let Some((before, _)) = setting.split_once('(') else {
        return 1;
    };
    before
        .split_whitespace()
        .last()
        .and_then(|number| number.parse().ok())
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read() {
        for (setting, expected) in [
            ("", 0),
            ("  ", 0),
            ("*", 1),
            ("a, b", 1),
            ("FIRST 2 (a, b, c)", 2),
            ("ANY 3 (*)", 3),
            ("2 (a, b)", 2),
        ] {
            assert_eq!(wanted(setting), expected, "{setting}");
        }
    }

    #[test]
    fn standbys_are_judged() {
        let judge = |setting: &str, connected, hidden| judge(setting.into(), connected, hidden);
        assert_eq!(judge("", 0, false), Standby::NotConfigured);
        assert_eq!(judge("*", 1, false), Standby::Connected { wanted: 1 });
        assert_eq!(judge("*", 0, true), Standby::NotPermitted);
        let setting = "2 (a, b)".to_owned();
        let missing = Standby::Missing {
            wanted: 2,
            connected: 1,
            setting: setting.clone(),
        };
        assert_eq!(judge(&setting, 1, false), missing);
    }
}
