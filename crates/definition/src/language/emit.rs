use super::{Key, Object, Shape};

/// An event that a step or a deadline publishes.
pub(crate) static EMIT: Object = Object {
    name: "emit",
    doc: "The event to publish. It is taken once, and offered to routers, triggers and waits as one that was sent; its source is `/workflows/NAME`.",
    keys: &[
        Key::new("type", Shape::Text, "Its type: `order.created`.").required(),
        Key::new(
            "data",
            Shape::Value,
            "What it carries (default: null); it has to fit the schema of its type, where `events` says one.",
        ),
        Key::new(
            "subject",
            Shape::TextValue,
            "Whom it is about (default: the instance's subject).",
        ),
    ],
};

/// A time at which an instance is late.
pub(crate) static DEADLINE: Object = Object {
    name: "deadline",
    doc: "An event that is published once when an instance is still open after a time.",
    keys: &[
        Key::new(
            "after",
            Shape::DurationValue,
            "How long after the instance began.",
        )
        .required(),
        Key::new(
            "emit",
            Shape::Object(&EMIT),
            "The event; its expressions see what those of a header see.",
        )
        .required(),
    ],
};

/// An event that a step waits for.
pub(crate) static AWAITED: Object = Object {
    name: "wait.event",
    doc: "The event that is waited for. Every step that waits for it gets it.",
    keys: &[
        Key::new("type", Shape::Text, "Its type: `payment.received`.").required(),
        Key::new(
            "key",
            Shape::TextValue,
            "What the event's key must be (default: the instance's subject, else its correlation id). An event's key is its subject, or what `events` says of its type.",
        ),
        Key::new(
            "when",
            Shape::Condition,
            "Takes only an event for which this holds: `event` and `meta` are its data and attributes; those of the event that started the instance are `trigger.event` and `trigger.meta`.",
        ),
    ],
};
