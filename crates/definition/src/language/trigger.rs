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
            "The instance's input (default: the event's data).",
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
        Key::later("cron", "When a schedule starts it."),
        Key::later("every", "How often a schedule starts it."),
        Key::later("time-zone", "Of a schedule."),
        Key::later("jitter", "Spread of a schedule's starts."),
        Key::later("catch-up", "What a schedule does about missed starts."),
        Key::later(
            "overlap",
            "What a schedule does while an instance still runs.",
        ),
        Key::later("name", "The workflow whose end starts this one."),
        Key::later("on", "Which ends of that workflow."),
        Key::later("debounce", "Start once after a quiet time."),
        Key::later("batch", "Start once for many events."),
        Key::later("throttle", "Start at most so often."),
    ],
};

const TRIGGER_TYPES: &[Word] = &[
    Word::now("manual"),
    Word::now("webhook"),
    Word::now("event"),
    Word::later("schedule"),
    Word::later("source"),
    Word::later("workflow"),
];

const SECRETS: Shape = Shape::OneOf(&[
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
