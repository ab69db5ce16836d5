use super::limits::{CIRCUIT_BREAKER, RATE_LIMIT};
use super::man::RISKS;
use super::retry::RETRY_CHOICE;
use super::{Key, Object, Shape, Word};

/// The adapter types of this release.
pub(crate) const ADAPTER_TYPES: [&str; 2] = ["http", "builtin"];

/// A connection to an outside system. `beside` of a key names the types that have it.
pub(crate) static ADAPTER: Object = Object {
    name: "adapter",
    doc: "A connection to an outside system. `builtin` has the actions `transform`, `validate`, `log`, `delay` and `echo` in process.",
    keys: &[
        Key::new("name", Shape::Name, "Unique name.").required(),
        Key::new("type", Shape::Text, "`http` or `builtin`.").required(),
        Key::new("url", Shape::TextValue, "Where it is; may use `env`.").beside(HTTP),
        Key::new(
            "targets",
            Shape::List(&Shape::Object(&TARGET)),
            "Several addresses instead of `url`.",
        )
        .beside(HTTP),
        Key::new(
            "balance",
            Shape::Word(BALANCE),
            "How calls are spread over the targets.",
        )
        .beside(HTTP),
        Key::new(
            "auth",
            Shape::Value,
            "`bearer`, `basic`, `api-key`, `oauth2`, `mtls`, `hmac` or `standard-webhooks`, with values from `secrets`.",
        )
        .beside(HTTP),
        Key::new(
            "headers",
            Shape::Map(&Shape::TextValue),
            "Sent with every call.",
        )
        .beside(HTTP),
        Key::new("health", Shape::Object(&HEALTH), "How targets are probed.").beside(HTTP),
        Key::new(
            "actions",
            Shape::Map(&Shape::Object(&ACTION)),
            "Its actions by name. Without them `http` posts the step's input to the URL.",
        ),
        Key::new(
            "default-action",
            Shape::Text,
            "Taken when a step names none.",
        ),
        Key::new(
            "retry",
            RETRY_CHOICE,
            "For calls whose step and action say nothing.",
        ),
        Key::new("timeout", Shape::Duration, "Of one attempt."),
        Key::new("concurrency", Shape::Count(1), "Calls at once."),
        Key::new("max-payload", Shape::Size, "The largest input and output.").beside(HTTP),
        Key::new(
            "http2",
            Shape::Bool,
            "HTTP/2 without asking, also without TLS.",
        )
        .beside(HTTP),
        Key::new(
            "follow-redirects",
            Shape::Bool,
            "Whether redirects are followed (default: no).",
        )
        .beside(HTTP),
        Key::new(
            "rate-limit",
            Shape::Object(&RATE_LIMIT),
            "Calls per time, over all nodes.",
        ),
        Key::new(
            "circuit-breaker",
            Shape::Object(&CIRCUIT_BREAKER),
            "When calls are held back from a failing target.",
        ),
        Key::later("score", "How a target is chosen under `balance: custom`.").beside(HTTP),
    ],
};

const HTTP: &[&str] = &["http"];

const BALANCE: &[Word] = &[
    Word::now("round-robin"),
    Word::now("weighted"),
    Word::later("least-connections"),
    Word::later("custom"),
];

/// One address of an adapter.
pub(crate) static TARGET: Object = Object {
    name: "adapter.target",
    doc: "One of several addresses.",
    keys: &[
        Key::new("url", Shape::TextValue, "Where it is; may use `env`.").required(),
        Key::new(
            "weight",
            Shape::Count(1),
            "Its share under `weighted` (default 1).",
        ),
        Key::new("zone", Shape::Text, "Where it stands."),
    ],
};

/// A probe.
pub(crate) static HEALTH: Object = Object {
    name: "adapter.health",
    doc: "How targets are probed.",
    keys: &[
        Key::new(
            "path",
            Shape::Text,
            "Asked with GET; a 2xx answer is healthy.",
        )
        .required(),
        Key::new("interval", Shape::Duration, "Between probes."),
    ],
};

/// What an adapter can do.
pub(crate) static ACTION: Object = Object {
    name: "adapter.action",
    doc: "One call of an `http` adapter. Its texts may use `call` (the step's input; in a compensation `call.input` and `call.output`), `env`, `secrets`, `workflow.id` and `workflow.correlation-id`.",
    keys: &[
        Key::new("method", Shape::Word(METHODS), "Default `POST`."),
        Key::new("path", Shape::TextValue, "Appended to the URL."),
        Key::new("query", Shape::Map(&Shape::Value), "Query parameters."),
        Key::new(
            "headers",
            Shape::Map(&Shape::TextValue),
            "Sent with the call.",
        ),
        Key::new(
            "body",
            Shape::Value,
            "The body (default: the step's input).",
        ),
        Key::new(
            "async",
            Shape::Word(&[Word::now("callback")]),
            "A 202 leaves the task open until it is completed at its callback address, or the time-out.",
        ),
        Key::new(
            "effect-overrides",
            Shape::Any,
            "Effect (`none` or `unknown`) by error type, exact or with a trailing `*`, where it is otherwise than usual.",
        ),
        Key::new(
            "concurrency",
            Shape::Count(1),
            "Calls of this action at once, over all nodes; what is above waits, and uses up no attempt.",
        ),
        Key::new("retry", RETRY_CHOICE, "For calls whose step says nothing."),
        Key::new("timeout", Shape::Duration, "Of one attempt."),
        Key::new("max-payload", Shape::Size, "The largest input and output."),
        Key::new(
            "risk",
            Shape::Word(RISKS),
            "How risky it is; a step's own `risk` goes before it.",
        ),
    ],
};

const METHODS: &[Word] = &[
    Word::now("GET"),
    Word::now("HEAD"),
    Word::now("POST"),
    Word::now("PUT"),
    Word::now("PATCH"),
    Word::now("DELETE"),
];
