//! Instances with their chunks and history: open, ended, reopened, removed.

use bytes::Bytes;

use super::Harness;
use super::sample::{DAY, ONE, chunk, ended, fill, history, project, put, row, segment};
use crate::{Change, HistorySegment, InstanceRow, Store, StoredInstance};

pub(super) async fn checks(harness: &impl Harness) {
    a_family_lives_moves_and_comes_back(harness).await;
    an_instance_may_run_through_in_a_moment(harness).await;
    late_changes_reach_an_ended_instance(harness).await;
    an_instance_may_end_twice_in_other_times(harness).await;
    history_is_kept_as_first_written(harness).await;
    removed_instances_are_gone(harness).await;
    a_large_family_moves_whole(harness).await;
}

/// An instance as it must be found, with its history.
struct Expected {
    row: InstanceRow,
    chunks: Vec<(u32, Bytes)>,
    history: Vec<HistorySegment>,
}

impl Expected {
    fn new(row: &InstanceRow, chunks: &[(u32, &str)], history: &[HistorySegment]) -> Self {
        let bytes = |(n, text): &(u32, &str)| (*n, Bytes::copy_from_slice(text.as_bytes()));
        Self {
            row: row.clone(),
            chunks: chunks.iter().map(bytes).collect(),
            history: history.to_vec(),
        }
    }

    async fn check(&self, store: &impl Store) {
        let (slot, id) = (self.row.slot, self.row.id);
        let found = store.instance(slot, id).await.unwrap();
        let expected = StoredInstance {
            row: self.row.clone(),
            chunks: self.chunks.clone(),
        };
        assert_eq!(found, Some(expected));
        assert_eq!(
            store.instance(slot ^ 1, id).await.unwrap(),
            None,
            "another slot"
        );
        let segments = store.history(slot, id, 0, usize::MAX).await.unwrap();
        assert_eq!(segments, self.history);
    }

    /// Now, after a checkpoint, after opening again, and after both.
    async fn check_lasting<H: Harness>(&self, harness: &H, store: H::Store) -> H::Store {
        self.check(&store).await;
        drop(store);
        let store = harness.open().await;
        self.check(&store).await;
        store.checkpoint().await.unwrap();
        self.check(&store).await;
        drop(store);
        let store = harness.open().await;
        self.check(&store).await;
        store
    }
}

async fn a_family_lives_moves_and_comes_back(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 9).await;
    let open = row(1);
    let first = segment(1, 3, "records 1 to 3");
    let changes = vec![
        put(&open),
        chunk(&open, 0, "c0"),
        history(&open, first.clone()),
    ];
    project(&store, 1, changes).await;
    let expected = Expected::new(&open, &[(0, "c0")], std::slice::from_ref(&first));
    let store = expected.check_lasting(harness, store).await;
    let done = ended(1, 5 * DAY);
    let second = segment(4, 9, "records 4 to 9");
    let changes = vec![
        chunk(&done, 1, "c1"),
        put(&done),
        history(&done, second.clone()),
    ];
    project(&store, 2, changes).await;
    let both = [first, second];
    let expected = Expected::new(&done, &[(0, "c0"), (1, "c1")], &both);
    let store = expected.check_lasting(harness, store).await;
    let reopened = InstanceRow { seq: 10, ..row(1) };
    project(
        &store,
        3,
        vec![put(&reopened), chunk(&reopened, 0, "c0 anew")],
    )
    .await;
    let expected = Expected::new(&reopened, &[(0, "c0 anew"), (1, "c1")], &both);
    let store = expected.check_lasting(harness, store).await;
    project(&store, 4, vec![put(&ended(1, 5 * DAY + 1))]).await;
    let expected = Expected::new(&ended(1, 5 * DAY + 1), &[(0, "c0 anew"), (1, "c1")], &both);
    expected.check_lasting(harness, store).await;
}

async fn an_instance_may_run_through_in_a_moment(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 9).await;
    let done = ended(2, 3 * DAY);
    let all = segment(1, 9, "all records");
    let changes = vec![
        put(&row(2)),
        history(&done, all.clone()),
        chunk(&done, 0, "c"),
        put(&done),
    ];
    project(&store, 1, changes).await;
    let expected = Expected::new(&done, &[(0, "c")], &[all]);
    expected.check_lasting(harness, store).await;
}

async fn late_changes_reach_an_ended_instance(harness: &impl Harness) {
    harness.begin_anew();
    let mut store = harness.open().await;
    fill(&store, ONE, 9).await;
    let done = ended(3, 3 * DAY);
    let mut segments = vec![segment(1, 9, "all records")];
    project(
        &store,
        1,
        vec![put(&done), history(&done, segments[0].clone())],
    )
    .await;
    for (position, seq) in [(2, 10), (3, 11), (4, 12)] {
        let late = segment(seq, seq, "a late result");
        segments.push(late.clone());
        project(
            &store,
            position,
            vec![history(&done, late), chunk(&done, 7, "late")],
        )
        .await;
        let expected = Expected::new(&done, &[(7, "late")], &segments);
        store = expected.check_lasting(harness, store).await;
    }
    let later = InstanceRow {
        seq: 12,
        ..done.clone()
    };
    project(&store, 5, vec![put(&later)]).await;
    let expected = Expected::new(&later, &[(7, "late")], &segments);
    expected.check_lasting(harness, store).await;
}

async fn an_instance_may_end_twice_in_other_times(harness: &impl Harness) {
    harness.begin_anew();
    let mut store = harness.open().await;
    fill(&store, ONE, 9).await;
    let all = segment(1, 9, "all records");
    project(&store, 1, vec![history(&row(4), all.clone())]).await;
    for (position, day) in [(2, 3), (3, 9), (4, 2)] {
        let done = ended(4, day * DAY);
        project(&store, position, vec![put(&done)]).await;
        let expected = Expected::new(&done, &[], std::slice::from_ref(&all));
        store = expected.check_lasting(harness, store).await;
        let listed = store
            .list(&crate::InstanceFilter::default(), None, 10)
            .await
            .unwrap();
        assert_eq!(listed.items.len(), 1, "listed once");
    }
}

async fn history_is_kept_as_first_written(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 9).await;
    let open = row(5);
    let written = [
        segment(1, 4, "aaaa"),
        segment(5, 5, "b"),
        segment(6, 9, "cccc"),
    ];
    let append = |segment: &HistorySegment| history(&open, segment.clone());
    let mut changes = vec![put(&open)];
    changes.extend(written.iter().map(append));
    project(&store, 1, changes).await;
    project(
        &store,
        2,
        vec![history(&open, segment(5, 5, "B")), append(&written[0])],
    )
    .await;
    let read = |after, limit| store.history(open.slot, open.id, after, limit);
    assert_eq!(read(0, usize::MAX).await.unwrap(), written);
    assert_eq!(read(4, usize::MAX).await.unwrap(), written[1..]);
    assert_eq!(
        read(3, 0).await.unwrap(),
        written[..1],
        "a segment that holds later records"
    );
    assert_eq!(
        read(0, 4).await.unwrap(),
        written[..2],
        "until the limit is passed"
    );
    assert!(read(9, 100).await.unwrap().is_empty());
    assert!(
        store
            .history(0, [0xff; 16], 0, 100)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn removed_instances_are_gone(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 9).await;
    let make = |number| {
        let done = ended(number, 3 * DAY);
        vec![
            put(&done),
            chunk(&done, 0, "c"),
            history(&done, segment(1, 9, "all")),
        ]
    };
    let remove = |number| Change::DeleteInstance {
        slot: row(number).slot,
        id: row(number).id,
    };
    project(&store, 1, make(1)).await;
    project(&store, 2, vec![remove(1), remove(77)]).await;
    project(&store, 3, make(2)).await;
    store.checkpoint().await.unwrap();
    project(&store, 4, vec![remove(2)]).await;
    let gone = async |store: &_, number| {
        let row = row(number);
        assert_eq!(
            Store::instance(store, row.slot, row.id).await.unwrap(),
            None,
            "{number}"
        );
        assert!(
            Store::history(store, row.slot, row.id, 0, 9)
                .await
                .unwrap()
                .is_empty()
        );
    };
    gone(&store, 1).await;
    gone(&store, 2).await;
    store.checkpoint().await.unwrap();
    drop(store);
    let store = harness.open().await;
    gone(&store, 1).await;
    gone(&store, 2).await;
    let none = store
        .list(&crate::InstanceFilter::default(), None, 9)
        .await
        .unwrap();
    assert!(none.items.is_empty());
}

async fn a_large_family_moves_whole(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 9).await;
    let done = ended(6, 3 * DAY);
    let text = "x".repeat(30_000);
    let segments: Vec<_> = (0..100)
        .map(|n| segment(n * 10 + 1, n * 10 + 10, &text))
        .collect();
    let mut changes: Vec<_> = segments
        .iter()
        .map(|segment| history(&done, segment.clone()))
        .collect();
    changes.extend((0..20).map(|n| chunk(&done, n, &text)));
    changes.push(put(&done));
    project(&store, 1, changes).await;
    let chunks: Vec<_> = (0..20).map(|n| (n, text.as_str())).collect();
    let expected = Expected::new(&done, &chunks, &segments);
    expected.check_lasting(harness, store).await;
}
