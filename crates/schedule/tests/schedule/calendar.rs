use schedule::{Cron, CronError, Zone};

use super::{at, cron, every, ticks};

fn refused(text: &str) -> String {
    Cron::parse(text, Zone::utc()).expect_err(text).to_string()
}

#[test]
fn five_fields_tick_at_the_minute_and_six_at_the_second() {
    let minutes = cron("*/20 * * * *", "UTC");
    assert_eq!(
        ticks(&minutes, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"),
        [
            "2026-01-01T00:20:00Z",
            "2026-01-01T00:40:00Z",
            "2026-01-01T01:00:00Z"
        ]
    );
    let seconds = cron("*/30 * * * * *", "UTC");
    assert_eq!(
        ticks(&seconds, "2026-01-01T00:00:00.5Z", "2026-01-01T00:01:00Z"),
        ["2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z"]
    );
}

#[test]
fn every_ticks_at_multiples_whenever_it_is_asked() {
    let schedule = every(90_000);
    assert_eq!(schedule.next_after(0), Some(90_000));
    assert_eq!(schedule.next_after(89_999), Some(90_000));
    assert_eq!(schedule.next_after(90_000), Some(180_000));
}

// 2026-03-29: 02:00 CET becomes 03:00 CEST at 01:00 UTC. 2026-10-25: 03:00 CEST becomes 02:00 CET at 01:00 UTC.
#[test]
fn berlin_a_time_that_does_not_exist_ticks_at_the_next_that_does_and_one_shown_twice_ticks_once() {
    let half_past_two = cron("30 2 * * *", "Europe/Berlin");
    assert_eq!(
        ticks(
            &half_past_two,
            "2026-03-27T12:00:00Z",
            "2026-03-31T00:00:00Z"
        ),
        [
            "2026-03-28T01:30:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:30:00Z"
        ]
    );
    assert_eq!(
        ticks(
            &half_past_two,
            "2026-10-24T12:00:00Z",
            "2026-10-26T12:00:00Z"
        ),
        ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
    );
    // Asked within the hour that comes again.
    assert_eq!(
        half_past_two.next_after(at("2026-10-25T01:10:00Z")),
        Some(at("2026-10-26T01:30:00Z"))
    );
    let several = cron("*/15 2 * * *", "Europe/Berlin");
    assert_eq!(
        ticks(&several, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"),
        ["2026-03-29T01:00:00Z"],
        "four times that do not exist are one moment"
    );
    let hours = cron("0 1-3 * * *", "Europe/Berlin");
    assert_eq!(
        ticks(&hours, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
        [
            "2026-10-24T23:00:00Z",
            "2026-10-25T00:00:00Z",
            "2026-10-25T02:00:00Z"
        ]
    );
}

// 2026-03-08: 02:00 EST becomes 03:00 EDT at 07:00 UTC. 2026-11-01: 02:00 EDT becomes 01:00 EST at 06:00 UTC.
#[test]
fn new_york_goes_by_its_own_days() {
    let daily = cron("15 2 * * *", "America/New_York");
    assert_eq!(
        ticks(&daily, "2026-03-07T00:00:00Z", "2026-03-09T12:00:00Z"),
        [
            "2026-03-07T07:15:00Z",
            "2026-03-08T07:00:00Z",
            "2026-03-09T06:15:00Z"
        ]
    );
    let at_one = cron("0 30 1 * * *", "America/New_York");
    assert_eq!(
        ticks(&at_one, "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z"),
        ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]
    );
    let hourly = cron("0 * * * *", "America/New_York");
    assert_eq!(
        ticks(&hourly, "2026-11-01T04:30:00Z", "2026-11-01T07:30:00Z"),
        [
            "2026-11-01T05:00:00Z",
            "2026-11-01T06:00:00Z",
            "2026-11-01T07:00:00Z"
        ],
        "every hour ticks in the hour that comes twice, too"
    );
    assert_eq!(
        ticks(&hourly, "2026-03-08T05:30:00Z", "2026-03-08T08:30:00Z"),
        [
            "2026-03-08T06:00:00Z",
            "2026-03-08T07:00:00Z",
            "2026-03-08T08:00:00Z"
        ],
        "and none is left out where one is missing on the wall"
    );
}

// Lord Howe puts its clocks by half an hour. 2026-10-04: 02:00 becomes 02:30 at 15:30 UTC of the day before.
// 2026-04-05: 02:00 becomes 01:30 at 15:00 UTC of the day before.
#[test]
fn lord_howe_changes_by_half_an_hour() {
    let daily = cron("10 2 * * *", "Australia/Lord_Howe");
    assert_eq!(
        ticks(&daily, "2026-10-02T00:00:00Z", "2026-10-05T00:00:00Z"),
        [
            "2026-10-02T15:40:00Z",
            "2026-10-03T15:30:00Z",
            "2026-10-04T15:10:00Z"
        ]
    );
    let twice = cron("45 1 * * *", "Australia/Lord_Howe");
    assert_eq!(
        ticks(&twice, "2026-04-04T00:00:00Z", "2026-04-06T00:00:00Z"),
        ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]
    );
}

#[test]
fn leap_days_and_the_ends_of_months_come_when_they_do() {
    let leap = cron("0 0 29 2 *", "UTC");
    assert_eq!(
        ticks(&leap, "2026-01-01T00:00:00Z", "2033-01-01T00:00:00Z"),
        ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]
    );
    let last = cron("0 12 L * *", "UTC");
    assert_eq!(
        ticks(&last, "2028-01-01T00:00:00Z", "2028-04-30T23:00:00Z"),
        [
            "2028-01-31T12:00:00Z",
            "2028-02-29T12:00:00Z",
            "2028-03-31T12:00:00Z",
            "2028-04-30T12:00:00Z"
        ]
    );
    let thirty_first = cron("0 0 31 * *", "UTC");
    assert_eq!(
        ticks(
            &thirty_first,
            "2026-01-31T00:00:00Z",
            "2026-06-01T00:00:00Z"
        ),
        ["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"],
        "a month without the day has no tick"
    );
}

#[test]
fn nonsense_is_refused_with_the_field_that_is_wrong() {
    assert_eq!(
        refused("every day"),
        "expected a cron expression of 5 or 6 fields (with seconds first), but found 2"
    );
    assert_eq!(
        refused("61 * * * *"),
        "expected 0 to 59 as the minute, but found `61`"
    );
    assert_eq!(
        refused("61 * * * * *"),
        "expected 0 to 59 as the second, but found `61`"
    );
    assert_eq!(
        refused("0 25 * * *"),
        "expected 0 to 23 as the hour, but found `25`"
    );
    assert!(refused("0 8 * FOO *").contains("as the month, but found `FOO`"));
    assert!(refused("0 8 * * 1-9").contains("as the day of the week, but found `1-9`"));
    assert_eq!(
        Cron::parse("0 0 30 2 *", Zone::utc()),
        Err(CronError::Never("0 0 30 2 *".to_owned()))
    );
    assert!(Zone::named("Europe/Berlyn").is_none());
}
