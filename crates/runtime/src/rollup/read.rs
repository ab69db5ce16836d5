//! Reading the rows of a time.

use std::ops::Range;

use bytes::Bytes;
use engine::SLOTS;
use store::{Scan, Slot, Store, Table};

use super::RollupError;
use super::key::{Tier, first_key, series_of_key, time_of_key};

/// Rows read at once.
const PAGE: usize = 1_000;
/// Rows that one question reads at most.
pub(super) const MAX_ROWS: usize = 500_000;

/// A row's place: when its span began, its workflow and version.
pub(super) struct Place<'a> {
    pub(super) start: i64,
    pub(super) workflow: &'a str,
    pub(super) version: &'a str,
}

/// The rows of these kinds (the longest spans first) that together cover a time, each part by the longest spans that fit it. None is longer than
/// `step_ms`, by which whoever asks divides the time.
pub(super) fn cover(
    tiers: [Tier; 3],
    time: Range<i64>,
    step_ms: Option<i64>,
) -> Vec<(Tier, Range<i64>)> {
    let divides = |tier: &Tier| step_ms.is_none_or(|step| step % tier.span_ms() == 0);
    let tiers: Vec<Tier> = tiers.into_iter().filter(divides).collect();
    let mut parts = Vec::new();
    cover_with(&tiers, time, &mut parts);
    parts
}

fn cover_with(tiers: &[Tier], time: Range<i64>, parts: &mut Vec<(Tier, Range<i64>)>) {
    let Some((tier, shorter)) = tiers.split_first() else {
        return;
    };
    let (first, last) = (
        tier.start_of(time.start + tier.span_ms() - 1),
        tier.start_of(time.end),
    );
    if first >= last {
        return cover_with(shorter, time, parts);
    }
    cover_with(shorter, time.start..first, parts);
    parts.push((*tier, first..last));
    cover_with(shorter, last..time.end, parts);
}

/// Calls `each` for every row of a time; `left` is how many rows may be read yet.
pub(super) async fn read(
    store: &dyn Store,
    tier: Tier,
    time: Range<i64>,
    left: &mut usize,
    mut each: impl FnMut(Place<'_>, Bytes) -> Result<(), RollupError>,
) -> Result<(), RollupError> {
    let mut after: Option<(Bytes, Slot)> = Some((first_key(tier, time.start), 0));
    loop {
        let scan = Scan {
            table: Table::Rollup,
            slots: 0..=SLOTS - 1,
            after: after.take(),
            prefix: tier.prefix(),
            reverse: false,
            limit: PAGE,
        };
        let rows = store.scan(scan).await?;
        let full = rows.len() >= PAGE;
        for row in rows {
            let place = time_of_key(&row.key).zip(series_of_key(&row.key));
            let Some((start, (workflow, version))) = place else {
                continue;
            };
            if start >= time.end {
                return Ok(());
            }
            *left = left.checked_sub(1).ok_or(RollupError::TooMuch {
                what: "rows",
                most: MAX_ROWS,
            })?;
            let place = Place {
                start,
                workflow,
                version,
            };
            each(place, row.value)?;
            after = Some((row.key, row.slot));
        }
        if !full {
            return Ok(());
        }
        // Others on the thread get a turn: many pages may come at once from memory.
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;

    fn check(time: Range<i64>, step_ms: Option<i64>, expected: &[(Tier, Range<i64>)]) {
        assert_eq!(cover(Tier::WORKFLOWS, time, step_ms), expected);
    }

    #[test]
    fn a_time_is_covered_by_the_longest_spans_that_fit() {
        let odd = HOUR - 2 * MINUTE..DAY + 3 * HOUR + MINUTE;
        check(
            odd.clone(),
            None,
            &[
                (Tier::Minute, HOUR - 2 * MINUTE..HOUR),
                (Tier::Hour, HOUR..DAY + 3 * HOUR),
                (Tier::Minute, DAY + 3 * HOUR..DAY + 3 * HOUR + MINUTE),
            ],
        );
        check(odd.clone(), Some(MINUTE), &[(Tier::Minute, odd)]);
        check(
            DAY - HOUR..3 * DAY + HOUR,
            None,
            &[
                (Tier::Hour, DAY - HOUR..DAY),
                (Tier::Day, DAY..3 * DAY),
                (Tier::Hour, 3 * DAY..3 * DAY + HOUR),
            ],
        );
        check(0..DAY, Some(2 * HOUR), &[(Tier::Hour, 0..DAY)]);
        check(0..5 * MINUTE, None, &[(Tier::Minute, 0..5 * MINUTE)]);
        check(0..0, None, &[]);
    }
}
