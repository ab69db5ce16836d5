//! Records and state as the API shows them.

mod decision;
mod record;
mod steps;
mod waiting;

use crate::record::InstanceStarted;

pub use decision::{LINK_PREFIX, LINK_SUFFIX, decision_link, parse_decision_link};
pub use record::{RecordView, record_type};
pub use steps::{LaneCounts, StepView};
pub use waiting::Waiting;

/// RFC 3339 in UTC with milliseconds.
pub fn rfc3339(at_ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(at_ms) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        Err(_) => at_ms.to_string(),
    }
}

/// Milliseconds since the epoch of an RFC 3339 time.
pub(crate) fn parse_rfc3339(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}

/// The priority's word.
pub(crate) fn priority(started: &InstanceStarted) -> &str {
    if started.priority.is_empty() {
        "normal"
    } else {
        &started.priority
    }
}
