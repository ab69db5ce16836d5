use super::{Choice, Key, Object, Shape, Word};

/// How attempts follow each other.
pub(crate) static RETRY: Object = Object {
    name: "retry",
    doc: "A retry policy. A field that is left out comes from the environment (`retry-attempts`) or from `standard`.",
    keys: &[
        Key::new(
            "max-attempts",
            ATTEMPTS,
            "Attempts in total, or `unlimited`.",
        ),
        Key::new(
            "initial-interval",
            Shape::Duration,
            "Before the second attempt.",
        ),
        Key::new(
            "multiplier",
            Shape::Number(1.0),
            "Growth from one interval to the next.",
        ),
        Key::new("max-interval", Shape::Duration, "No interval is longer."),
        Key::new(
            "jitter",
            Shape::Word(&[Word::now("full"), Word::now("none")]),
            "`full` spreads each interval between zero and its length; `none` keeps it.",
        ),
        Key::new(
            "max-elapsed",
            Shape::Duration,
            "No attempt begins later than this after the first.",
        ),
        Key::new(
            "retry-on",
            PATTERNS,
            "Only errors of these types are retried (exact, or with a trailing `*`).",
        ),
        Key::new(
            "never-on",
            PATTERNS,
            "Errors of these types are never retried.",
        ),
        Key::new(
            "on-exhausted",
            Shape::Word(EXHAUSTED),
            "When no attempt is left or the error is not retryable: the step fails, is failed while the list goes on, a person decides, or it fails and its call is kept as a dead letter.",
        ),
    ],
};

const ATTEMPTS: Shape = Shape::OneOf(&[
    Choice::now(Shape::Count(1)),
    Choice::now(Shape::Word(&[Word::now("unlimited")])),
]);

const PATTERNS: Shape = Shape::List(&Shape::Text);

const EXHAUSTED: &[Word] = &[
    Word::now("fail"),
    Word::now("continue"),
    Word::now("man"),
    Word::now("dead-letter"),
];

/// A policy by name or in full.
pub(crate) const RETRY_CHOICE: Shape =
    Shape::OneOf(&[Choice::now(Shape::Name), Choice::now(Shape::Object(&RETRY))]);
