use super::{Key, Object, Shape, Word};

const KEY: Key = Key::new(
    "key",
    Shape::TextValue,
    "Events with the same key share a window (default: all events of the trigger do). It sees what the condition sees.",
);

/// `debounce` of a trigger.
pub(crate) static DEBOUNCE: Object = Object {
    name: "trigger.debounce",
    doc: "One instance for a run of events: it starts when none came for a while. At 10,000 events that are kept, or 4 MiB of them, it starts early.",
    keys: &[
        KEY,
        Key::new(
            "quiet",
            Shape::Duration,
            "It starts when no event came for so long (up to `24h`).",
        )
        .required(),
        Key::new(
            "max",
            Shape::Duration,
            "It starts at the latest so long after the first event (default `24h`, up to `7d`).",
        ),
        Key::new(
            "keep",
            Shape::Word(&[Word::now("last"), Word::now("all")]),
            "What it starts with: as the `last` event says (the default), or `all`: its input is then `{events, count, first, last}`, where `events` are the data of all of them; the trigger's `input` sees that as `window`, and the last event as `event` and `meta`.",
        ),
    ],
};

/// `batch` of a trigger.
pub(crate) static BATCH: Object = Object {
    name: "trigger.batch",
    doc: "One instance for many events. Its input is `{events, count, first, last}`, where `events` are the data of all of them; the trigger's `input` sees that as `window`, and the last event as `event` and `meta`. At 4 MiB it starts early.",
    keys: &[
        KEY,
        Key::new(
            "max-size",
            Shape::Count(1),
            "It starts with so many events (default and most 10000).",
        ),
        Key::new(
            "max-wait",
            Shape::Duration,
            "It starts at the latest so long after the first event (up to `7d`).",
        )
        .required(),
    ],
};

/// `throttle` of a trigger.
pub(crate) static THROTTLE: Object = Object {
    name: "trigger.throttle",
    doc: "Each event starts an instance, but only so many in a time, which begins with the first.",
    keys: &[
        KEY,
        Key::new(
            "limit",
            Shape::Text,
            "So many in a time: `10/s`, `10/m` or `10/h`, at most 10000.",
        )
        .required(),
        Key::new(
            "on-limit",
            Shape::Word(&[Word::now("drop"), Word::now("queue")]),
            "What about one more: it starts nothing and is counted (the default), or waits until there is room, at most 10,000 (or 16 MiB) for one key; above that it is a dead letter.",
        ),
    ],
};
