use super::limits::{CIRCUIT_BREAKER, RATE_LIMIT};
use super::man::{MAN_POLICY, RISK_POLICY, RISKS};
use super::retry::{RETRY, RETRY_CHOICE};
use super::{Key, Object, Shape, Word};

/// Rules for all workflows.
pub(crate) static POLICIES: Object = Object {
    name: "policies",
    doc: "Defaults and rules for all workflows.",
    keys: &[
        Key::new(
            "defaults",
            Shape::Object(&DEFAULTS),
            "Where nothing nearer says.",
        ),
        Key::new(
            "retry",
            Shape::Map(&Shape::Object(&RETRY)),
            "Retry policies by name. `standard`, `critical`, `optional` and `none` are built in and may be redefined.",
        ),
        Key::new(
            "rules",
            Shape::List(&Shape::Object(&RULE)),
            "Settings for the calls (or adapters) that match, where neither step, action, adapter nor workflow says. Of several rules the one that matches by more goes first, then the one that names exactly, then the first by name.",
        ),
        Key::new(
            "risk",
            Shape::List(&Shape::Object(&RISK_POLICY)),
            "What is risky.",
        ),
        Key::new(
            "man-mode",
            Shape::List(&Shape::Object(&MAN_POLICY)),
            "What a person must approve, what is refused, what is recorded for review.",
        ),
        Key::later("security", "Rules of security."),
        Key::new(
            "retention",
            Shape::List(&Shape::Object(&RETENTION_RULE)),
            "How long ended instances are kept that a rule matches; a rule for a workflow and a status goes before one for the workflow, and that before one for the status.",
        ),
        Key::later(
            "mode",
            "Report what a policy would have done instead of doing it.",
        ),
    ],
};

/// `policies.defaults`.
pub(crate) static DEFAULTS: Object = Object {
    name: "policies.defaults",
    doc: "Where neither step, action, adapter nor workflow says.",
    keys: &[
        Key::new("retry", RETRY_CHOICE, "Retry policy."),
        Key::new("timeout", Shape::Duration, "Of one attempt."),
        Key::new(
            "rate-limit",
            Shape::Object(&RATE_LIMIT),
            "Calls per time, of each adapter that says nothing itself.",
        ),
        Key::new(
            "circuit-breaker",
            Shape::Object(&CIRCUIT_BREAKER),
            "When calls are held back from a failing target, of each adapter that says nothing itself; `builtin` adapters have none.",
        ),
        Key::later("log-level", "How much is logged."),
        Key::later("trace-sampling", "Which traces are kept."),
        Key::new(
            "retention",
            Shape::Object(&DEFAULT_RETENTION),
            "How long is kept what no rule of `policies.retention` matches.",
        ),
    ],
};

/// `policies.rules`.
pub(crate) static RULE: Object = Object {
    name: "policies.rule",
    doc: "Settings for the calls that match.",
    keys: &[
        Key::new(
            "name",
            Shape::Text,
            "A rule of the same name is replaced (default: what it matches).",
        ),
        Key::new("match", Shape::Object(&RULE_MATCH), "Which calls.").required(),
        Key::new("set", Shape::Object(&RULE_SET), "What holds for them.").required(),
        Key::new(
            "mode",
            Shape::Word(&[Word::now("enforce"), Word::now("evaluate")]),
            "`evaluate` only reports what it would set: `definitions explain` shows it.",
        ),
    ],
};

/// `policies.rules[].match`.
pub(crate) static RULE_MATCH: Object = Object {
    name: "policies.rule.match",
    doc: "Which calls a rule is about; all that is given must fit. A trailing `*` stands for any rest.",
    keys: &[
        Key::new("workflow", Shape::Text, "Calls of this workflow."),
        Key::new("adapter", Shape::Text, "Calls of this adapter."),
        Key::new("action", Shape::Text, "Calls of this action."),
        Key::new(
            "env",
            Shape::Text,
            "Where the server runs as this environment.",
        ),
    ],
};

/// `policies.rules[].set`.
pub(crate) static RULE_SET: Object = Object {
    name: "policies.rule.set",
    doc: "What holds for the calls that match. `concurrency`, `rate-limit` and `circuit-breaker` are those of whole adapters: a rule that sets one matches by `adapter` and `env` alone, and is not about `builtin` ones.",
    keys: &[
        Key::new("retry", RETRY_CHOICE, "Retry policy."),
        Key::new("timeout", Shape::Duration, "Of one attempt."),
        Key::new(
            "concurrency",
            Shape::Count(1),
            "Calls at once, of each adapter that says nothing itself.",
        ),
        Key::new(
            "rate-limit",
            Shape::Object(&RATE_LIMIT),
            "Calls per time, of each adapter that says nothing itself.",
        ),
        Key::new(
            "circuit-breaker",
            Shape::Object(&CIRCUIT_BREAKER),
            "When calls are held back from a failing target, of each adapter that says nothing itself.",
        ),
        Key::new(
            "risk",
            Shape::Word(RISKS),
            "How risky the calls are; of all that gives a risk the highest counts.",
        ),
        Key::new(
            "man-mode",
            Shape::Word(&[Word::now("require"), Word::now("block"), Word::now("audit")]),
            "A person must approve the calls, they are refused, or they run and are recorded for review.",
        ),
    ],
};

/// `policies.retention`.
pub(crate) static RETENTION_RULE: Object = Object {
    name: "policies.retention",
    doc: "How long some ended instances are kept. Open ones, and those for which a decision is pending, always stay.",
    keys: &[
        Key::new(
            "match",
            Shape::Object(&RETENTION_MATCH),
            "Which ended instances.",
        )
        .required(),
        Key::new(
            "keep",
            Shape::Duration,
            "After the end; at least `1s`. They go by whole buckets: with the default span up to a day later.",
        )
        .required(),
    ],
};

/// `policies.retention[].match`.
pub(crate) static RETENTION_MATCH: Object = Object {
    name: "policies.retention.match",
    doc: "Which ended instances a rule is about; both must fit.",
    keys: &[
        Key::new("workflow", Shape::Name, "Instances of this workflow."),
        Key::new(
            "status",
            Shape::Word(&[
                Word::now("completed"),
                Word::now("failed"),
                Word::now("compensated"),
                Word::now("cancelled"),
            ]),
            "Instances that ended so.",
        ),
    ],
};

/// `policies.defaults.retention`.
pub(crate) static DEFAULT_RETENTION: Object = Object {
    name: "policies.defaults.retention",
    doc: "How long is kept what no rule matches. What is left out is kept for good.",
    keys: &[
        Key::new(
            "instances",
            Shape::Duration,
            "Ended instances, after their end; at least `1s`.",
        ),
        Key::new(
            "events",
            Shape::Duration,
            "Events, after they were taken; `7d` without it; at least `1s`.",
        ),
        Key::new(
            "dead-letters",
            Shape::Duration,
            "Calls that failed for good and are kept, after they failed; at least `1s`.",
        ),
    ],
};

/// Settings of one environment.
pub(crate) static ENVIRONMENT: Object = Object {
    name: "environment",
    doc: "Settings of an environment; the server runs as one of them.",
    keys: &[
        Key::new(
            "extends",
            Shape::Name,
            "The environment whose settings hold where this one says nothing.",
        ),
        Key::new(
            "retry-attempts",
            Shape::Count(1),
            "Overrides the attempts of the built-in policies.",
        ),
        Key::new(
            "timeout",
            Shape::Duration,
            "Overrides the built-in time-out of an attempt.",
        ),
        Key::new(
            "man-mode-threshold",
            Shape::Word(RISKS),
            "From which risk on a person must approve a step.",
        ),
        Key::new(
            "vars",
            Shape::Map(&Shape::Any),
            "Read as `env.<name>`; `env.name` is the environment's name.",
        ),
    ],
};
