use super::{Key, Object, Shape};

/// What is known of an event type.
pub(crate) static EVENT: Object = Object {
    name: "event",
    doc: "What is known of an event type. Events of types that nothing is said about are taken, too.",
    keys: &[
        Key::new(
            "type",
            Shape::Text,
            "The type, as events bear it: `order.created`.",
        )
        .required(),
        Key::new("description", Shape::Text, "For people."),
        Key::new(
            "key",
            Shape::TextValue,
            "By what waits find an event: an expression over `event` and `meta` (default `${ meta.subject }`).",
        ),
        Key::new(
            "schema",
            Shape::Any,
            "JSON Schema of the data; an event that does not fit is refused. It may not refer to other documents.",
        ),
        Key::new(
            "keep",
            Shape::Duration,
            "How long an event that comes before its wait is kept for it (default `1h`, up to `30d`).",
        ),
        // Written by `apply` into the stored form: the settings that hyphens were resolved against.
        Key::new("$names", Shape::Any, "Set by `apply`; not for writing."),
    ],
};
