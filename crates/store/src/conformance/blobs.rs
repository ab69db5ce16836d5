//! Blobs stay for as long as anything names them, and go after that.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::Harness;
use super::fence::trim_behind;
use super::retention::beside;
use super::sample::{DAY, ONE, append, class, commit, ended, history, project, put, row, segment};
use crate::{
    Append, Blob, BlobHash, Change, Expiry, Holder, InstanceRow, SWEEP_STEP, Store, Swept, Table,
};

pub(super) async fn checks(harness: &impl Harness) {
    what_nothing_names_goes_after_a_round(harness).await;
    each_holder_keeps_what_it_names(harness).await;
    an_instance_takes_its_names_along(harness).await;
    what_is_not_in_the_state_yet_is_kept(harness).await;
    what_is_named_anew_is_kept(harness).await;
    a_crash_between_the_steps_changes_nothing(harness).await;
    many_go_step_by_step(harness).await;
}

pub(super) fn hash(number: u16) -> BlobHash {
    let mut hash = [7; 32];
    hash[..2].copy_from_slice(&number.to_be_bytes());
    hash
}

fn blob(number: u16) -> Blob {
    Blob {
        hash: hash(number),
        bytes: Bytes::from(vec![number as u8; 3000]),
    }
}

/// Appends a batch that names these blobs; answers its position.
async fn append_naming(store: &impl Store, numbers: impl Iterator<Item = u16>) -> u64 {
    let owned = store.take_over(ONE).await.unwrap();
    let with_blobs = Append {
        blobs: numbers.map(blob).collect(),
        ..append(ONE, owned.epoch, owned.head)
    };
    commit(store, with_blobs).await;
    owned.head + 1
}

/// Batches named blobs up to this number, and all is in the state; answers the position.
pub(super) async fn named_once(store: &impl Store, count: u16) -> u64 {
    let position = append_naming(store, 0..count).await;
    trim_behind(store, position).await.1
}

/// Which of the first blobs are there.
pub(super) async fn there(store: &impl Store, count: u16) -> BTreeSet<u16> {
    let mut found = BTreeSet::new();
    for number in 0..count {
        let bytes = store.blob(hash(number)).await.unwrap();
        if let Some(bytes) = bytes {
            assert_eq!(bytes, blob(number).bytes, "blob {number}");
            found.insert(number);
        }
    }
    found
}

/// Sweeps until nothing is left to do at a time on a day.
async fn sweep(store: &impl Store, day: i64) -> Swept {
    let mut swept = Swept::default();
    let mut quiet = 0;
    // Note, look, and begin anew: what is left then waits for the next round to be over.
    while quiet < 3 {
        let step = store.sweep_blobs(day * DAY, DAY as u64).await.unwrap();
        swept.blobs += step.blobs;
        swept.bytes += step.bytes;
        quiet = if step.more { 0 } else { quiet + 1 };
    }
    swept
}

fn named_by_row(table: Table, key: &'static [u8], number: u16) -> [Change; 2] {
    let key = Bytes::from_static(key);
    let by = Holder::Row {
        table,
        slot: 3,
        key: key.clone(),
    };
    let put = Change::Put {
        table,
        slot: 3,
        key,
        value: Bytes::from_static(b"v"),
    };
    [put, names(by, [number])]
}

fn names(by: Holder, numbers: impl IntoIterator<Item = u16>) -> Change {
    let blobs = numbers.into_iter().map(hash).collect();
    Change::NameBlobs { by, blobs }
}

/// The `number`-th instance, which names the blob of its number.
fn naming(row: &InstanceRow) -> Vec<Change> {
    let named = names(Holder::Instance(row.id), [row.created_at as u16]);
    vec![put(row), history(row, segment(1, 9, "all")), named]
}

async fn what_nothing_names_goes_after_a_round(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let position = named_once(&store, 4).await;
    project(&store, position, naming(&row(2))).await;
    assert_eq!(sweep(&store, 100).await, Swept::default(), "named just now");
    assert_eq!(there(&store, 4).await.len(), 4);
    let swept = sweep(&store, 101).await;
    assert_eq!((swept.blobs, swept.bytes), (3, 9000));
    assert_eq!(there(&store, 4).await, [2].into());
    drop(store);
    let store = harness.open().await;
    assert_eq!(there(&store, 4).await, [2].into());
    assert_eq!(sweep(&store, 200).await, Swept::default());
    append_naming(&store, 1..2).await;
    assert_eq!(there(&store, 4).await, [1, 2].into(), "it may come again");
}

async fn each_holder_keeps_what_it_names(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let position = named_once(&store, 8).await;
    let filed = InstanceRow {
        class: class(1),
        ..ended(1, 5 * DAY + 5)
    };
    let mut changes = [naming(&row(0)), naming(&filed), naming(&ended(2, 6 * DAY))].concat();
    changes.extend(named_by_row(Table::Outbox, b"message", 3));
    changes.extend(named_by_row(Table::Event, b"event", 4));
    // Two of the same one.
    changes.extend(named_by_row(Table::Event, b"another", 0));
    project(&store, position, changes).await;
    store.checkpoint().await.unwrap();
    sweep(&store, 100).await;
    sweep(&store, 101).await;
    assert_eq!(there(&store, 8).await, (0..5).collect());
    let gone = |table, key: &'static [u8]| Change::Delete {
        table,
        slot: 3,
        key: Bytes::from_static(key),
    };
    // A row of another table, of the same name, holds nothing.
    let changes = vec![
        gone(Table::Outbox, b"message"),
        gone(Table::Outbox, b"event"),
    ];
    project(&store, position, changes).await;
    sweep(&store, 102).await;
    assert_eq!(there(&store, 8).await, [0, 1, 2, 4].into());
    let (slot, id) = (row(0).slot, row(0).id);
    let changes = vec![
        Change::DeleteInstance { slot, id },
        gone(Table::Event, b"event"),
    ];
    project(&store, position, changes).await;
    sweep(&store, 103).await;
    assert_eq!(there(&store, 8).await, [0, 1, 2].into());
    project(&store, position, vec![gone(Table::Event, b"another")]).await;
    let expiry = Expiry {
        classes: [(class(1), Some(6 * DAY))].into(),
        others: None,
    };
    assert_eq!(store.drop_ended(&expiry).await.unwrap().instances, 1);
    sweep(&store, 104).await;
    assert_eq!(there(&store, 8).await, [2].into());
    let (slot, id) = (row(2).slot, row(2).id);
    let deleted = Change::DeleteInstance { slot, id };
    project(&store, position, vec![deleted]).await;
    sweep(&store, 105).await;
    assert!(there(&store, 8).await.is_empty());
}

/// From bucket to bucket, out of one, and back.
async fn an_instance_takes_its_names_along(harness: &impl Harness) {
    harness.begin_anew();
    let mut store = harness.open().await;
    let position = named_once(&store, 3).await;
    let of_class = |day: i64, of| InstanceRow {
        class: class(of),
        ..ended(1, day * DAY)
    };
    let dropping = |of| Expiry {
        classes: [(class(of), Some(10 * DAY))].into(),
        others: None,
    };
    project(&store, position, naming(&of_class(5, 2))).await;
    store.checkpoint().await.unwrap();
    let mut day = 100;
    // It moves before it is named by anything else; what it left is dropped.
    let reopened = InstanceRow { seq: 12, ..row(1) };
    for (next, left) in [
        (of_class(5, 1), 2),
        (reopened, 1),
        (of_class(8, 2), 1),
        (of_class(9, 3), 2),
    ] {
        project(&store, position, vec![put(&next)]).await;
        if day % 2 == 0 {
            store.checkpoint().await.unwrap();
        }
        let dropped = store.drop_ended(&dropping(left)).await.unwrap();
        assert_eq!(dropped.instances, 0, "{next:?}");
        for _ in 0..3 {
            day += 1;
            sweep(&store, day).await;
        }
        assert_eq!(there(&store, 3).await, [1].into(), "{next:?}");
        drop(store);
        store = harness.open().await;
    }
    // What it names later counts where it lies.
    let position = append_naming(&store, 2..3).await;
    let position = trim_behind(&store, position).await.1;
    let more = names(Holder::Instance(row(1).id), [2]);
    project(&store, position, vec![more]).await;
    sweep(&store, day + 1).await;
    sweep(&store, day + 3).await;
    assert_eq!(there(&store, 3).await, [1, 2].into());
    store.drop_ended(&dropping(3)).await.unwrap();
    sweep(&store, day + 5).await;
    assert!(there(&store, 3).await.is_empty());
}

/// However long it takes.
async fn what_is_not_in_the_state_yet_is_kept(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    named_once(&store, 3).await;
    let position = append_naming(&store, 1..2).await;
    for day in 100..104 {
        sweep(&store, day).await;
        assert_eq!(there(&store, 3).await.len(), 3, "day {day}");
    }
    project(&store, position, naming(&row(1))).await;
    for day in 104..107 {
        sweep(&store, day).await;
    }
    assert_eq!(there(&store, 3).await, [1].into());
}

/// Beside the sweep, or before it.
async fn what_is_named_anew_is_kept(harness: &impl Harness) {
    for at_once in [false, true] {
        harness.begin_anew();
        let store = harness.open().await;
        named_once(&store, 3).await;
        sweep(&store, 100).await;
        if at_once {
            let naming = async {
                let _position = append_naming(&store, 1..2).await;
            };
            beside(naming, sweep(&store, 101)).await;
        } else {
            append_naming(&store, 1..2).await;
            sweep(&store, 101).await;
        }
        assert!(there(&store, 3).await.contains(&1), "at once: {at_once}");
        let position = store.take_over(ONE).await.unwrap().head;
        let position = trim_behind(&store, position).await.1;
        project(&store, position, naming(&row(1))).await;
        for day in 102..106 {
            sweep(&store, day).await;
            assert!(there(&store, 3).await.contains(&1), "day {day}");
        }
        assert_eq!(there(&store, 3).await, [1].into());
    }
}

async fn a_crash_between_the_steps_changes_nothing(harness: &impl Harness) {
    harness.begin_anew();
    let mut store = harness.open().await;
    let position = named_once(&store, 3).await;
    project(&store, position, naming(&row(1))).await;
    for step in 0..12 {
        let now = (100 + step) * DAY;
        store.sweep_blobs(now, DAY as u64).await.unwrap();
        drop(store);
        store = harness.open().await;
    }
    assert_eq!(there(&store, 3).await, [1].into());
}

async fn many_go_step_by_step(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    let count = SWEEP_STEP as u16 * 2 + 9;
    let mut position = 0;
    for from in (0..count).step_by(50) {
        position = append_naming(&store, from..count.min(from + 50)).await;
    }
    project(&store, position, vec![]).await;
    let position = trim_behind(&store, position).await.1;
    // All of one instance, in a bucket that goes.
    let mut changes = naming(&ended(1, 5));
    changes.push(names(Holder::Instance(row(1).id), 0..count));
    changes.extend(naming(&row(2)));
    project(&store, position, changes).await;
    sweep(&store, 100).await;
    assert_eq!(sweep(&store, 101).await.blobs, 0);
    store.drop_ended(&Expiry::all(2 * DAY)).await.unwrap();
    let (now, keep) = (103 * DAY, DAY as u64);
    let (mut blobs, mut steps) = (0, 0);
    while blobs < u64::from(count) - 1 {
        let mut other = Swept::default();
        let beside_it = async { other = store.sweep_blobs(now, keep).await.unwrap() };
        let step = beside(beside_it, store.sweep_blobs(now, keep)).await;
        for step in [step.unwrap(), other] {
            assert!(step.blobs <= SWEEP_STEP as u64, "{step:?}");
            blobs += step.blobs;
        }
        steps += 1;
        assert!(steps < 20, "expected all to go, but {blobs} went");
    }
    assert_eq!(blobs, u64::from(count) - 1, "each once");
    assert_eq!(there(&store, count).await, [2].into());
}
