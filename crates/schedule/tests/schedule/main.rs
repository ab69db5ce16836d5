//! When schedules tick.

mod calendar;
mod due;

use schedule::{CatchUp, Cron, Overlap, Schedule, When, Zone};

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>()
        .expect("a time")
        .as_millisecond()
}

fn cron(text: &str, zone: &str) -> Schedule {
    let zone = Zone::named(zone).expect("a zone");
    Schedule {
        when: When::Cron(Cron::parse(text, zone).expect("an expression")),
        jitter_ms: 0,
        catch_up: CatchUp::None,
        overlap: Overlap::Skip,
    }
}

fn every(ms: u64) -> Schedule {
    Schedule {
        when: When::Every(ms),
        jitter_ms: 0,
        catch_up: CatchUp::None,
        overlap: Overlap::Skip,
    }
}

/// The ticks after one moment up to another, in UTC.
fn ticks(schedule: &Schedule, from: &str, to: &str) -> Vec<String> {
    let to = at(to);
    let ticks = schedule.upcoming(at(from)).take_while(|tick| *tick <= to);
    ticks
        .map(|tick| {
            jiff::Timestamp::from_millisecond(tick)
                .expect("a time")
                .to_string()
        })
        .collect()
}
