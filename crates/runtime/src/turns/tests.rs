use engine::Id;
use engine::record::{OverLimit, Share, TurnLimit};

use super::book::{Next, Turns};
use super::row::{Standing, TurnRow};

fn id(number: u64) -> Id {
    Id::new(1, 1, number)
}

fn row(number: u64, standing: Standing, over: OverLimit) -> TurnRow {
    TurnRow {
        limit: TurnLimit {
            workflow: "w".into(),
            key: "k".into(),
            limit: 2,
            over: over as i32,
        },
        standing: standing as i32,
        place: number,
        since: 1,
        rank: 2,
        share: Some(Share::default()),
    }
}

fn note(turns: &mut Turns, number: u64, standing: Standing, over: OverLimit) {
    turns.note(id(number), Some(&row(number, standing, over)));
}

fn all_next(turns: &mut Turns) -> Vec<Next> {
    std::iter::from_fn(|| turns.next(1)).collect()
}

/// Instances wait as they are given; what is done about them.
#[track_caller]
fn check(standings: &[Standing], over: OverLimit, expected: &[Next]) {
    let mut turns = Turns::default();
    for (number, standing) in (1..).zip(standings) {
        note(&mut turns, number, *standing, over);
    }
    assert_eq!(all_next(&mut turns), expected, "{standings:?}");
}

#[test]
fn as_many_are_called_as_there_is_room_for() {
    use Standing::{Held, Leaving, Running, Waiting};
    let queue = OverLimit::Queue;
    let call = |number| Next::Call(id(number));
    check(&[Waiting, Waiting, Waiting], queue, &[call(1), call(2)]);
    check(&[Running, Waiting, Waiting], queue, &[call(2)]);
    check(&[Running, Running, Waiting], queue, &[]);
    check(&[Leaving, Running, Waiting], queue, &[]);
    check(
        &[Held, Waiting, Waiting, Waiting],
        queue,
        &[call(2), call(3)],
    );
    let refuse = [Next::Refuse(id(3))];
    check(&[Running, Running, Waiting], OverLimit::Reject, &refuse);
}

#[test]
fn the_oldest_is_cancelled_for_the_newest_and_never_more_than_must() {
    use Standing::{Leaving, Running, Waiting};
    let over = OverLimit::CancelOldest;
    let cancel = |number| Next::Cancel(id(number));
    check(&[Running, Running, Waiting], over, &[cancel(1)]);
    check(&[Leaving, Running, Waiting], over, &[]);
    let two = [cancel(1), cancel(2)];
    check(&[Running, Running, Waiting, Waiting], over, &two);
    check(
        &[Leaving, Leaving, Waiting, Waiting, Waiting],
        over,
        &[cancel(3)],
    );
}

#[test]
fn whoever_leaves_makes_room_and_what_nobody_stands_under_is_forgotten() {
    let mut turns = Turns::default();
    let queue = OverLimit::Queue;
    (1..=3).for_each(|number| note(&mut turns, number, Standing::Waiting, queue));
    assert_eq!(all_next(&mut turns).len(), 2);
    assert_eq!(turns.waiting(), 1);
    assert_eq!(
        turns
            .queue_of(id(3))
            .map(|queue| (queue.ahead, queue.running)),
        Some((0, 2))
    );
    // That one was called says no record yet: it keeps its turn.
    note(&mut turns, 1, Standing::Waiting, queue);
    assert_eq!(all_next(&mut turns), []);
    turns.note(id(1), None);
    assert_eq!(all_next(&mut turns), [Next::Call(id(3))]);
    assert!(turns.is_full(&row(1, Standing::Waiting, queue).limit));
    [2, 3]
        .into_iter()
        .for_each(|number| turns.note(id(number), None));
    assert!(!turns.is_full(&row(1, Standing::Waiting, queue).limit));
    assert_eq!((turns.next_place(), turns.waiting()), (4, 0));
    assert!(turns.is_forgotten());
}
