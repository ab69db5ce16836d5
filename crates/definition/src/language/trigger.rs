use super::window::{BATCH, DEBOUNCE, THROTTLE};
use super::{Choice, Key, Object, Shape, Word};

/// What starts a workflow.
pub(crate) static TRIGGER: Object = Object {
    name: "trigger",
    doc: "What starts a workflow. `manual` is always possible with the permission. Condition and input see `event` (the event's data), `meta` (its CloudEvents attributes), `env`, `now` and `adapters.<name>.healthy`, `breaker`, `in-flight`, `error-rate`.",
    keys: &[
        Key::new("type", Shape::Word(TRIGGER_TYPES), "Its kind.").required(),
        Key::new("id", Shape::Name, "Its name (default: index and type)."),
        Key::new(
            "source",
            Shape::Text,
            "Of a `webhook`, which needs it: the name in `/api/v1/hooks/{source}`. Of an `event`: only events of this source start it.",
        ),
        Key::new(
            "condition",
            Shape::Condition,
            "It starts only where this holds; a field that is missing is no match.",
        ),
        Key::new(
            "input",
            Shape::Value,
            "The instance's input (default: the event's data; of a `workflow` the output of the instance that ended).",
        ),
        Key::new(
            "verify",
            Shape::Object(&SIGNATURE),
            "How a webhook's signature is checked; without it any caller with the permission `submit` is taken.",
        ),
        Key::new(
            "event-id",
            Shape::Condition,
            "Where a webhook's event id stands, by which repetitions are known: `header:NAME`, or an expression over `event` (default: as the scheme of `verify` has it).",
        ),
        Key::new(
            "event-type",
            Shape::Text,
            "Of an `event`, which needs it: the type of the events that start it, exact or with a trailing `*`.",
        ),
        Key::new(
            "cron",
            Shape::Text,
            "Of a `schedule`: when it starts, as a cron expression of five fields (minute, hour, day of the month, month, day of the week), or six with seconds before them.",
        ),
        Key::new(
            "every",
            Shape::Duration,
            "Of a `schedule`, instead of `cron`: how often it starts (at least `1s`), at the multiples of it since 1970-01-01T00:00:00Z.",
        ),
        Key::new(
            "time-zone",
            Shape::Text,
            "Of a `cron`: the time zone whose calendar counts, such as `Europe/Berlin` (default `UTC`).",
        ),
        Key::new(
            "jitter",
            Shape::Duration,
            "Of a `schedule`: by how much each start is delayed at most (up to `24h`); how much, follows from the schedule and the tick.",
        ),
        Key::new(
            "catch-up",
            Shape::Word(&[Word::now("none"), Word::now("last"), Word::now("all")]),
            "Of a `schedule`: what about ticks that were missed by over ten seconds, as nobody was there: none is made up for (the default), the last one, or all of them (the newest 1,000).",
        ),
        Key::new(
            "overlap",
            Shape::Word(&[Word::now("skip"), Word::now("queue"), Word::now("allow")]),
            "Of a `schedule`: what about a tick while the instance that an earlier one started is open: it is passed over (the default), waits for the end (one at most), or starts all the same.",
        ),
        Key::new(
            "name",
            Shape::Name,
            "Of a `workflow`, which needs it: the workflow whose end starts this one.",
        ),
        Key::new(
            "on",
            Shape::OneOf(&[Choice::now(END), Choice::now(Shape::List(&END))]),
            "Of a `workflow`: which ends start this one (default `completed`). `failed` is said at the failure, before anything is undone.",
        ),
        Key::new(
            "debounce",
            Shape::Object(&DEBOUNCE),
            "One instance for a run of events, when it is over.",
        ),
        Key::new(
            "batch",
            Shape::Object(&BATCH),
            "One instance for many events. Instead of `debounce`.",
        ),
        Key::new(
            "throttle",
            Shape::Object(&THROTTLE),
            "At most so many instances in a time. Instead of `debounce` or `batch`.",
        ),
    ],
};

const TRIGGER_TYPES: &[Word] = &[
    Word::now("manual"),
    Word::now("webhook"),
    Word::now("event"),
    Word::now("schedule"),
    Word::later("source"),
    Word::now("workflow"),
];

const END: Shape = Shape::Word(&[
    Word::now("completed"),
    Word::now("failed"),
    Word::now("compensated"),
    Word::now("cancelled"),
    Word::now("stuck"),
]);

pub(super) const SECRETS: Shape = Shape::OneOf(&[
    Choice::now(Shape::TextValue),
    Choice::now(Shape::List(&Shape::TextValue)),
]);

/// `verify` of a webhook.
pub(crate) static SIGNATURE: Object = Object {
    name: "trigger.verify",
    doc: "How a webhook's signature is checked, before anything of the body is read.",
    keys: &[
        Key::new(
            "scheme",
            Shape::Word(&[
                Word::now("standard-webhooks"),
                Word::now("github"),
                Word::now("stripe"),
                Word::now("hmac"),
            ]),
            "How the sender signs. `hmac` is HMAC-SHA256 of the body, in hex or Base64, with or without `sha256=` before it.",
        )
        .required(),
        Key::new(
            "secret",
            SECRETS,
            "`${ secrets.<name> }`; a list of them while a key is changed: any one may have signed.",
        )
        .required(),
        Key::new(
            "header",
            Shape::Text,
            "The header that bears the signature; only of `hmac`, which needs it.",
        ),
        Key::new(
            "timestamp-header",
            Shape::Text,
            "The header that bears the time of signing, in seconds; only of `hmac`. What is signed is then `TIME.BODY`.",
        ),
        Key::new(
            "tolerance",
            Shape::Duration,
            "How far the time of signing may lie from now (default `5m`, `1s` to `1h`); only where it is signed.",
        ),
    ],
};
