use schedule::{CATCH_UP_MOST, CatchUp, Due, GRACE_MS, Schedule};

use super::{at, cron, every};

const MINUTE: i64 = 60_000;

fn with(catch_up: CatchUp) -> Schedule {
    Schedule {
        catch_up,
        ..every(60_000)
    }
}

fn due(ticks: Vec<i64>, missed: u64, newest: i64) -> Due {
    Due {
        ticks,
        missed,
        newest: Some(newest),
    }
}

#[test]
fn a_tick_is_due_from_its_moment_on() {
    let schedule = with(CatchUp::None);
    assert_eq!(schedule.due("a", 0, MINUTE - 1), Due::default());
    assert_eq!(schedule.due("a", 0, MINUTE), due(vec![MINUTE], 0, MINUTE));
    assert_eq!(
        schedule.due("a", MINUTE, MINUTE),
        Due::default(),
        "it was done"
    );
}

#[test]
fn each_rule_makes_up_for_what_it_says() {
    // Down over five ticks, and back half a minute after the last.
    let now = 5 * MINUTE + 30_000;
    let all: Vec<i64> = (1..=5).map(|n| n * MINUTE).collect();
    let newest = 5 * MINUTE;
    assert_eq!(with(CatchUp::None).due("a", 0, now), due(vec![], 5, newest));
    assert_eq!(
        with(CatchUp::Last).due("a", 0, now),
        due(vec![newest], 4, newest)
    );
    assert_eq!(with(CatchUp::All).due("a", 0, now), due(all, 0, newest));
    // Back in time for the last.
    let now = newest + GRACE_MS;
    assert_eq!(
        with(CatchUp::None).due("a", 0, now),
        due(vec![newest], 4, newest)
    );
    assert_eq!(
        with(CatchUp::None).due("a", 0, now + 1),
        due(vec![], 5, newest)
    );
}

#[test]
fn not_more_than_a_thousand_are_made_up_for() {
    let most = i64::try_from(CATCH_UP_MOST).expect("small");
    let now = 3 * most * MINUTE;
    let found = with(CatchUp::All).due("a", 0, now);
    assert_eq!(found.ticks.len(), CATCH_UP_MOST);
    assert_eq!(
        (found.ticks[0], found.newest),
        ((2 * most + 1) * MINUTE, Some(now))
    );
    assert_eq!(found.missed, 2_000);
}

#[test]
fn years_of_seconds_are_not_walked_through() {
    let seconds = Schedule {
        catch_up: CatchUp::All,
        ..cron("* * * * * *", "Europe/Berlin")
    };
    let now = at("2026-01-01T00:00:00Z");
    let found = seconds.due("a", at("2016-01-01T00:00:00Z"), now);
    assert_eq!(found.ticks.len(), CATCH_UP_MOST);
    assert_eq!((found.ticks[0], found.newest), (now - 999_000, Some(now)));
    assert!(found.missed >= 99_000);
}

#[test]
fn jitter_delays_each_tick_by_what_follows_from_name_and_tick() {
    let schedule = Schedule {
        jitter_ms: 30_000,
        ..with(CatchUp::None)
    };
    let delays: Vec<i64> = (1..=200)
        .map(|n| schedule.fires_at("a", n * MINUTE) - n * MINUTE)
        .collect();
    assert!(delays.iter().all(|delay| (0..=30_000).contains(delay)));
    assert!(
        delays.iter().any(|delay| *delay < 3_000) && delays.iter().any(|delay| *delay > 27_000)
    );
    let again: Vec<i64> = (1..=200)
        .map(|n| schedule.fires_at("a", n * MINUTE) - n * MINUTE)
        .collect();
    assert_eq!(delays, again);
    assert_ne!(
        schedule.fires_at("b", MINUTE),
        schedule.fires_at("a", MINUTE)
    );
    let fires = schedule.fires_at("a", MINUTE);
    assert_eq!(schedule.due("a", 0, fires - 1), Due::default());
    assert_eq!(schedule.due("a", 0, fires), due(vec![MINUTE], 0, MINUTE));
}
