//! `timestamp`, `duration` and the parts of both.

use super::{Function, global, method};
use crate::evaluate::{Budget, Evaluated, wrong_type};
use crate::value::Value;
use crate::{EvalError, time};
use jiff::Zoned;
use jiff::tz::TimeZone;

const SECOND: i64 = 1_000_000_000;

pub(super) const FUNCTIONS: &[Function] = &[
    global("timestamp", 1, 1, timestamp),
    global("duration", 1, 1, duration),
    method("getFullYear", 1, 2, |_, it| {
        part("getFullYear", it, |at| i64::from(at.year()))
    }),
    method("getMonth", 1, 2, |_, it| {
        part("getMonth", it, |at| i64::from(at.month()) - 1)
    }),
    method("getDate", 1, 2, |_, it| {
        part("getDate", it, |at| i64::from(at.day()))
    }),
    method("getDayOfMonth", 1, 2, |_, it| {
        part("getDayOfMonth", it, |at| i64::from(at.day()) - 1)
    }),
    method("getDayOfWeek", 1, 2, |_, it| {
        part("getDayOfWeek", it, |at| {
            i64::from(at.weekday().to_sunday_zero_offset())
        })
    }),
    method("getDayOfYear", 1, 2, |_, it| {
        part("getDayOfYear", it, |at| i64::from(at.day_of_year()) - 1)
    }),
    method("getHours", 1, 2, |_, it| {
        clock("getHours", it, 3_600 * SECOND, |at| i64::from(at.hour()))
    }),
    method("getMinutes", 1, 2, |_, it| {
        clock("getMinutes", it, 60 * SECOND, |at| i64::from(at.minute()))
    }),
    method("getSeconds", 1, 2, |_, it| {
        clock("getSeconds", it, SECOND, |at| i64::from(at.second()))
    }),
    method("getMilliseconds", 1, 2, |_, it| {
        clock("getMilliseconds", it, 1_000_000, |at| {
            i64::from(at.millisecond())
        })
    }),
];

/// Of an RFC 3339 text, of seconds since the Unix epoch, or a timestamp itself.
fn timestamp<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let timestamp = match &arguments[0] {
        Value::Timestamp(it) => Ok(*it),
        Value::Int(seconds) => time::timestamp_from_seconds(*seconds),
        Value::String(text) => time::parse_timestamp(text),
        _ => Err(wrong_type("timestamp", arguments)),
    };
    timestamp.map(Value::Timestamp)
}

/// Of a text such as `1h30m` or `7d`, of whole seconds, or a duration itself.
fn duration<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let duration = match &arguments[0] {
        Value::Duration(it) => Ok(*it),
        Value::Int(seconds) => seconds
            .checked_mul(SECOND)
            .ok_or_else(|| EvalError::other("this duration is longer than 292 years")),
        Value::String(text) => time::parse_duration(text),
        _ => Err(wrong_type("duration", arguments)),
    };
    duration.map(Value::Duration)
}

fn part<'a>(name: &str, arguments: &[Value<'a>], read: fn(&Zoned) -> i64) -> Evaluated<'a> {
    let (timestamp, zone) = match arguments {
        [Value::Timestamp(it)] => (*it, TimeZone::UTC),
        [Value::Timestamp(it), Value::String(zone)] => (*it, time::time_zone(zone)?),
        _ => return Err(wrong_type(name, arguments)),
    };
    Ok(Value::Int(read(&timestamp.to_zoned(zone))))
}

/// A part of a timestamp's clock, or a whole duration in this unit.
fn clock<'a>(
    name: &str,
    arguments: &[Value<'a>],
    unit: i64,
    read: fn(&Zoned) -> i64,
) -> Evaluated<'a> {
    match arguments {
        [Value::Duration(nanos)] => Ok(Value::Int(nanos / unit)),
        _ => part(name, arguments, read),
    }
}
