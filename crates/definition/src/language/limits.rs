use super::{Choice, Key, Object, Shape, Word};

/// When calls are held back from a target.
pub(crate) static CIRCUIT_BREAKER: Object = Object {
    name: "circuit-breaker",
    doc: "Holds calls back from a target that fails; each target of an adapter has its own, shared by all workflows and nodes.",
    keys: &[
        Key::new(
            "window",
            Shape::Duration,
            "How far back calls are counted (default `30s`, `1s` to `1h`).",
        ),
        Key::new(
            "min-calls",
            Shape::Count(1),
            "It opens only after so many calls within the window (default 20).",
        ),
        Key::new(
            "failure-rate",
            Shape::Number(0.0),
            "It opens when this share of them failed (default 0.5, above 0 and up to 1).",
        ),
        Key::new(
            "slow-call",
            Shape::Duration,
            "A call that takes longer counts as failed. Left out: no call is too slow.",
        ),
        Key::new(
            "open-for",
            Shape::Duration,
            "How long it stays open before probes are sent (default `15s`, `100ms` to `24h`).",
        ),
        Key::new(
            "half-open-calls",
            Shape::Count(1),
            "So many probes in all; when every one succeeds it closes, when one fails it opens again (default 3).",
        ),
        Key::new(
            "on-open",
            ON_OPEN,
            "What becomes of calls meanwhile: they wait (the default), fail with `circuit-open`, or go to another adapter.",
        ),
    ],
};

const ON_OPEN: Shape = Shape::OneOf(&[
    Choice::now(Shape::Word(&[Word::now("wait"), Word::now("fail")])),
    Choice::now(Shape::Object(&FALLBACK)),
]);

/// `on-open` with another adapter.
pub(crate) static FALLBACK: Object = Object {
    name: "circuit-breaker.on-open",
    doc: "Another adapter makes the calls while the breaker is open.",
    keys: &[Key::new(
        "fallback",
        Shape::Name,
        "The adapter; it is called with the same action and input.",
    )
    .required()],
};

/// Calls per time.
pub(crate) static RATE_LIMIT: Object = Object {
    name: "rate-limit",
    doc: "How many calls may begin per time, over all nodes; what is above waits.",
    keys: &[
        Key::new("rate", Shape::Text, "Such as `100/s`, `30/m` or `500/h`.").required(),
        Key::new(
            "burst",
            Shape::Count(1),
            "So many may begin at once after a quiet time (default: those of one second, at least 1).",
        ),
    ],
};
