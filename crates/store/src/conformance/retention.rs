//! Ended instances go by whole buckets, and what is to stay stays.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::Harness;
use super::sample::{DAY, ONE, class, ended, fill, history, project, put, row, segment};
use crate::{Change, CountBy, Expiry, InstanceFilter, InstanceRow, Store};

pub(super) async fn checks(harness: &impl Harness) {
    old_buckets_are_dropped(harness).await;
    each_class_goes_at_its_own_time(harness).await;
    an_instance_goes_with_the_class_that_it_was_given_last(harness).await;
    a_list_meanwhile_is_whole(harness).await;
    what_was_reopened_is_open_alone(harness).await;
}

/// The numbers of all instances that lists and counts tell, newest first.
async fn listed(store: &impl Store) -> Vec<i64> {
    let filter = InstanceFilter::default();
    let page = store.list(&filter, None, 999).await.unwrap();
    let counted = store.count(&filter, CountBy::Nothing).await.unwrap();
    assert_eq!(counted[0].count, page.items.len() as u64, "counted");
    page.items.iter().map(|row| row.created_at).collect()
}

async fn drop_ended(store: &impl Store, expiry: &Expiry) -> u64 {
    store.drop_ended(expiry).await.unwrap().instances
}

async fn is_there(store: &impl Store, number: u64) -> bool {
    let row = row(number);
    let found = store.instance(row.slot, row.id).await.unwrap();
    let history = store.history(row.slot, row.id, 0, 99).await.unwrap();
    assert_eq!(found.is_some(), !history.is_empty(), "history of {number}");
    found.is_some()
}

/// An instance that ended on a day, of a class, and its history.
fn done(number: u64, day: i64, of: u64) -> Vec<Change> {
    let row = InstanceRow {
        class: class(of),
        ..ended(number, day * DAY + 5)
    };
    vec![put(&row), history(&row, segment(1, 9, "all"))]
}

async fn old_buckets_are_dropped(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 9).await;
    let mut changes = vec![put(&row(50))];
    for day in 0..10 {
        changes.push(put(&ended(day, day as i64 * DAY + 5)));
        changes.push(put(&ended(day + 10, day as i64 * DAY + 6)));
    }
    project(&store, 1, changes).await;
    store.checkpoint().await.unwrap();
    project(&store, 2, vec![put(&ended(20, 5))]).await;
    assert_eq!(drop_ended(&store, &Expiry::default()).await, 0, "no rule");
    assert_eq!(drop_ended(&store, &Expiry::all(0)).await, 0);
    let dropped = store.drop_ended(&Expiry::all(4 * DAY + 1)).await.unwrap();
    assert_eq!((dropped.buckets, dropped.instances), (4, 9));
    assert_eq!(drop_ended(&store, &Expiry::all(4 * DAY + 1)).await, 0);
    drop(store);
    let store = harness.open().await;
    assert_eq!(listed(&store).await.len(), 13);
    assert_eq!(store.instance(row(3).slot, row(3).id).await.unwrap(), None);
    project(&store, 3, vec![put(&ended(3, 7))]).await;
    store.checkpoint().await.unwrap();
    let back = store.instance(row(3).slot, row(3).id).await.unwrap();
    assert_eq!(
        back.map(|found| found.row),
        Some(ended(3, 7)),
        "its time has a bucket again"
    );
}

async fn each_class_goes_at_its_own_time(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 9).await;
    for (position, of) in [(1, 0), (2, 1), (3, 2)] {
        let day = |day: u64| done(day + 10 * of, day as i64, of);
        project(&store, position, (0..4).flat_map(day).collect()).await;
        if of == 1 {
            store.checkpoint().await.unwrap();
        }
    }
    let expiry = Expiry {
        classes: [(class(1), Some(3 * DAY)), (class(2), None)].into(),
        others: Some(DAY),
    };
    let dropped = store.drop_ended(&expiry).await.unwrap();
    assert_eq!((dropped.buckets, dropped.instances), (4, 4));
    let left = [23, 22, 21, 20, 13, 3, 2, 1];
    assert_eq!(listed(&store).await, left);
    for number in 0..30 {
        let expected = left.contains(&(number as i64));
        assert_eq!(is_there(&store, number).await, expected, "{number}");
    }
    drop(store);
    let store = harness.open().await;
    assert_eq!(listed(&store).await, left, "after opening again");
    // A rule that is gone leaves its instances to the rule of all others.
    let expiry = Expiry {
        classes: [(class(1), None)].into(),
        others: Some(9 * DAY),
    };
    assert_eq!(drop_ended(&store, &expiry).await, 7);
    assert_eq!(listed(&store).await, [13]);
}

async fn an_instance_goes_with_the_class_that_it_was_given_last(harness: &impl Harness) {
    harness.begin_anew();
    let mut store = harness.open().await;
    fill(&store, ONE, 9).await;
    let expiry = Expiry {
        classes: [(class(1), None)].into(),
        others: Some(5 * DAY),
    };
    project(&store, 1, [done(1, 0, 1), done(2, 0, 1)].concat()).await;
    store.checkpoint().await.unwrap();
    assert_eq!(drop_ended(&store, &expiry).await, 0);
    // What comes late is filed where the rest lies.
    let late = history(&row(1), segment(10, 10, "late"));
    project(&store, 2, vec![late]).await;
    assert_eq!(drop_ended(&store, &expiry).await, 0);
    project(&store, 3, done(1, 0, 0)).await;
    assert!(is_there(&store, 1).await);
    assert_eq!(listed(&store).await, [2, 1], "once each");
    drop(store);
    store = harness.open().await;
    assert_eq!(drop_ended(&store, &expiry).await, 1);
    assert_eq!(listed(&store).await, [2]);
    // An open one is filed nowhere, whatever its class.
    let reopened = InstanceRow { seq: 20, ..row(2) };
    project(&store, 4, vec![put(&reopened)]).await;
    store.checkpoint().await.unwrap();
    assert_eq!(drop_ended(&store, &Expiry::all(99 * DAY)).await, 0);
    assert_eq!(listed(&store).await, [2]);
}

/// Does both at once; answers what the second comes to.
pub(super) async fn beside<T>(
    first: impl Future<Output = ()>,
    second: impl Future<Output = T>,
) -> T {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut first_done, mut second_done) = (false, None);
    poll_fn(move |context| {
        first_done = first_done || first.as_mut().poll(context).is_ready();
        if second_done.is_none() {
            second_done = match second.as_mut().poll(context) {
                Poll::Ready(done) => Some(done),
                Poll::Pending => None,
            };
        }
        match second_done.take_if(|_| first_done) {
            Some(done) => Poll::Ready(done),
            None => Poll::Pending,
        }
    })
    .await
}

/// Lists are asked while buckets go: each has all that stays, in order and once.
async fn a_list_meanwhile_is_whole(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    fill(&store, ONE, 9).await;
    let days = 24;
    let changes = (0..days).flat_map(|day| done(day, day as i64, day % 2));
    project(&store, 1, changes.collect()).await;
    store.checkpoint().await.unwrap();
    let expiry = Expiry {
        classes: [(class(1), None)].into(),
        others: Some(days as i64 * DAY),
    };
    let stays: Vec<i64> = (0..days as i64).rev().filter(|day| day % 2 == 1).collect();
    let going = store.drop_ended(&expiry);
    let asking = async {
        for _ in 0..40 {
            let filter = InstanceFilter::default();
            let page = store.list(&filter, None, 99).await.unwrap();
            let told: Vec<i64> = page.items.iter().map(|row| row.created_at).collect();
            assert!(told.is_sorted_by(|a, b| a > b), "{told:?}");
            assert!(stays.iter().all(|day| told.contains(day)), "{told:?}");
            let counted = store.count(&filter, CountBy::Status).await.unwrap();
            assert!(counted[0].count >= stays.len() as u64);
        }
    };
    assert_eq!(beside(asking, going).await.unwrap().instances, days / 2);
    assert_eq!(listed(&store).await, stays);
}

/// Reopened from a bucket and from among the recently ended: lists and counts tell it once, as open; what drops its
/// former bucket leaves it; and it ends anew in another.
async fn what_was_reopened_is_open_alone(harness: &impl Harness) {
    harness.begin_anew();
    let mut store = harness.open().await;
    fill(&store, ONE, 9).await;
    let changes = (1..4).flat_map(|number| done(number, 3, 0)).collect();
    project(&store, 1, changes).await;
    store.checkpoint().await.unwrap();
    project(&store, 2, done(4, 3, 0)).await;
    let reopened = |number| InstanceRow {
        seq: 12,
        ..row(number)
    };
    project(&store, 3, vec![put(&reopened(2)), put(&reopened(4))]).await;
    for again in [false, true] {
        if again {
            drop(store);
            store = harness.open().await;
        }
        assert_eq!(listed(&store).await, [4, 3, 2, 1]);
        assert_eq!(with_status(&store, "running").await, [4, 2]);
        assert_eq!(with_status(&store, "completed").await, [3, 1]);
        store.checkpoint().await.unwrap();
    }
    assert_eq!(drop_ended(&store, &Expiry::all(4 * DAY + 1)).await, 2);
    assert_eq!(listed(&store).await, [4, 2]);
    assert!(is_there(&store, 2).await && is_there(&store, 4).await);
    project(&store, 4, done(2, 9, 0)).await;
    store.checkpoint().await.unwrap();
    assert_eq!(with_status(&store, "completed").await, [2]);
    assert_eq!(drop_ended(&store, &Expiry::all(8 * DAY)).await, 0);
    assert_eq!(listed(&store).await, [4, 2]);
}

/// The numbers of the instances with this status, by the list and by the count of statuses.
async fn with_status(store: &impl Store, status: &str) -> Vec<i64> {
    let filter = InstanceFilter {
        statuses: vec![status.to_owned()],
        ..InstanceFilter::default()
    };
    let page = store.list(&filter, None, 999).await.unwrap();
    let all = InstanceFilter::default();
    let counted = store.count(&all, CountBy::Status).await.unwrap();
    let counted = counted.into_iter();
    let of_status = counted.filter(|one| one.group == [status.to_owned()]);
    let count: u64 = of_status.map(|one| one.count).sum();
    assert_eq!(count, page.items.len() as u64, "{status}");
    page.items.iter().map(|row| row.created_at).collect()
}
