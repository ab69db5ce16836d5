//! Lists and counts over open and ended instances.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Harness;
use super::sample::{DAY, ONE, ended, fill, project, put, row};
use crate::{CountBy, InstanceFilter, InstanceRow, Store};

pub(super) async fn checks(harness: &impl Harness) {
    harness.begin_anew();
    let mut store = harness.open().await;
    let rows = populate(&store).await;
    pages_hold_everything_once(&store, &rows).await;
    filters_agree_with_their_meaning(&store, &rows).await;
    store.checkpoint().await.unwrap();
    pages_hold_everything_once(&store, &rows).await;
    filters_agree_with_their_meaning(&store, &rows).await;
    drop(store);
    store = harness.open().await;
    filters_agree_with_their_meaning(&store, &rows).await;
    an_empty_store_counts_zero(harness).await;
}

/// A hundred instances: open, ended recently, ended long ago, ended and reopened, several of the
/// same creation time.
async fn populate(store: &impl Store) -> Vec<InstanceRow> {
    fill(store, ONE, 9).await;
    let make = |number: u64| {
        let mut made = if number.is_multiple_of(3) {
            row(number)
        } else {
            ended(number, (number as i64 % 5) * DAY + number as i64)
        };
        made.created_at = number as i64 / 2;
        if number.is_multiple_of(10) {
            made.error = Some("HTTP 503: Service Unavailable".into());
        }
        made
    };
    let mut rows: Vec<InstanceRow> = (0..100).map(make).collect();
    let changes = rows.iter().take(70).map(put).collect();
    project(store, 1, changes).await;
    store.checkpoint().await.unwrap();
    let changes = rows.iter().skip(70).map(put).collect();
    project(store, 2, changes).await;
    for number in [1, 4, 71, 76] {
        rows[number].ended_at = None;
        rows[number].status = "running".into();
    }
    project(
        store,
        3,
        [1, 4, 71, 76]
            .map(|number: usize| put(&rows[number]))
            .to_vec(),
    )
    .await;
    rows
}

fn expected(rows: &[InstanceRow], filter: &InstanceFilter) -> Vec<InstanceRow> {
    let listed = |row: &InstanceRow| InstanceRow {
        snapshot: Bytes::new(),
        ..row.clone()
    };
    let mut matching: Vec<_> = rows
        .iter()
        .filter(|row| filter.matches(row))
        .map(listed)
        .collect();
    matching.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
    matching
}

async fn pages_hold_everything_once(store: &impl Store, rows: &[InstanceRow]) {
    let filter = InstanceFilter::default();
    for limit in [1, 7, 50, 99, 100, 101] {
        let mut found = vec![];
        let mut after = None;
        loop {
            let page = store.list(&filter, after, limit).await.unwrap();
            assert!(page.items.len() <= limit);
            found.extend(page.items);
            let Some(next) = page.next else { break };
            assert_eq!(found.last().map(InstanceRow::cursor), Some(next));
            after = Some(next);
        }
        assert_eq!(found, expected(rows, &filter), "pages of {limit}");
    }
}

fn filters() -> Vec<InstanceFilter> {
    let none = InstanceFilter::default;
    let text = |text: &str| Some(text.to_owned());
    vec![
        none(),
        InstanceFilter {
            statuses: vec!["running".into()],
            ..none()
        },
        InstanceFilter {
            statuses: vec!["running".into(), "completed".into()],
            ..none()
        },
        InstanceFilter {
            statuses: vec!["failed".into()],
            ..none()
        },
        InstanceFilter {
            workflow: text("workflow-1"),
            ..none()
        },
        InstanceFilter {
            workflow: text("workflow-1"),
            version: text("0"),
            ..none()
        },
        InstanceFilter {
            correlation_id: text("correlation-2"),
            ..none()
        },
        InstanceFilter {
            subject: text("subject-2"),
            ..none()
        },
        InstanceFilter {
            parent_id: row(0).parent_id,
            ..none()
        },
        InstanceFilter {
            attributes: vec![("region".into(), "r1".into())],
            ..none()
        },
        InstanceFilter {
            created_after: Some(10),
            created_before: Some(20),
            ..none()
        },
        InstanceFilter {
            statuses: vec!["completed".into()],
            attributes: vec![("region".into(), "r0".into())],
            created_after: Some(5),
            text: text("workflow"),
            ..none()
        },
    ]
}

fn searches() -> impl Iterator<Item = InstanceFilter> {
    let id = row(11)
        .id
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let texts = [
        "service unavailable",
        "workflow 2",
        "CORRELATION-3",
        "flow",
        "serv",
    ];
    let texts = texts.map(str::to_owned).into_iter().chain([id]);
    texts.map(|text| InstanceFilter {
        text: Some(text),
        ..InstanceFilter::default()
    })
}

async fn filters_agree_with_their_meaning(store: &impl Store, rows: &[InstanceRow]) {
    for filter in filters().into_iter().chain(searches()) {
        let matching = expected(rows, &filter);
        let page = store.list(&filter, None, 1000).await.unwrap();
        assert_eq!(page.items, matching, "{filter:?}");
        assert_eq!(page.next, None);
        for by in [
            CountBy::Nothing,
            CountBy::Status,
            CountBy::Workflow,
            CountBy::Version,
        ] {
            let mut groups: BTreeMap<Vec<String>, u64> = BTreeMap::new();
            matching
                .iter()
                .for_each(|row| *groups.entry(row.group(by)).or_default() += 1);
            if by == CountBy::Nothing {
                groups.entry(vec![]).or_default();
            }
            let counts = store.count(&filter, by).await.unwrap();
            let counts: BTreeMap<_, _> = counts
                .into_iter()
                .map(|count| (count.group, count.count))
                .collect();
            assert_eq!(counts, groups, "{by:?} of {filter:?}");
        }
    }
}

async fn an_empty_store_counts_zero(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let filter = InstanceFilter::default();
    let page = store.list(&filter, None, 10).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    let counts = store.count(&filter, CountBy::Nothing).await.unwrap();
    assert_eq!((counts.len(), counts[0].count), (1, 0));
    assert!(
        store
            .count(&filter, CountBy::Status)
            .await
            .unwrap()
            .is_empty()
    );
}
