use super::retry::RETRY_CHOICE;
use super::trigger::SECRETS;
use super::{Key, Object, Shape};

/// Who is told of lifecycle events.
pub(crate) static CALLBACK: Object = Object {
    name: "callback",
    doc: "A webhook out on lifecycle events: each is posted as a CloudEvent, signed as Standard Webhooks where there is a secret, and tried for a day.",
    keys: &[
        Key::new(
            "event",
            Shape::Text,
            "A type (`workflow.completed`), or the beginning of some with a trailing `*` (`workflow.*`).",
        )
        .required(),
        Key::new(
            "url",
            Shape::TextValue,
            "Where it is sent; may use `env` and `secrets`.",
        )
        .required(),
        Key::new(
            "name",
            Shape::Name,
            "Its name (default: the event and a short hash of the URL).",
        ),
        Key::new("description", Shape::Text, "For people."),
        Key::new(
            "secret",
            SECRETS,
            "`${ secrets.<name> }`, of Standard Webhooks (`whsec_` and Base64); of a list each signs, while a key is changed.",
        ),
        Key::new(
            "workflow",
            Shape::Name,
            "Only events of this workflow; of a workflow's own callbacks it is that one.",
        ),
        Key::new(
            "when",
            Shape::Condition,
            "Only where this holds: sees `event` (the event's data), `meta` (its attributes), `env` and `now`. A field that is missing is no match.",
        ),
        Key::new("headers", Shape::Map(&Shape::TextValue), "Sent with it."),
        Key::new(
            "ordered",
            Shape::Bool,
            "One at a time, in the order in which they happened (default: no): one that does not get through holds up those behind it until it is given up.",
        ),
        Key::new(
            "retry",
            RETRY_CHOICE,
            "How often it is tried (default: whatever the answer, after 5s, then twice as long each time up to 1h, for 24h, then kept as a dead letter).",
        ),
        Key::new("timeout", Shape::Duration, "Of one attempt (default `30s`)."),
        Key::new(
            "concurrency",
            Shape::Count(1),
            "How many are under way at once (default 10).",
        ),
        // Written by `apply` into the stored form: the settings that hyphens were resolved against.
        Key::new("$names", Shape::Any, "Set by `apply`; not for writing."),
    ],
};
