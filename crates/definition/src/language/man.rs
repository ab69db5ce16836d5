use super::{Choice, Key, Object, Shape, Word};

/// How risky something is.
pub(crate) const RISKS: &[Word] = &[
    Word::now("low"),
    Word::now("medium"),
    Word::now("high"),
    Word::now("critical"),
];

/// `man-mode` of a step.
pub(crate) const MAN_MODE_CHOICE: Shape = Shape::OneOf(&[
    Choice::now(Shape::Bool),
    Choice::now(Shape::Object(&MAN_MODE)),
]);

const NAMES: Shape = Shape::List(&Shape::TextValue);

const PROMPT: Key = Key::new("prompt", Shape::TextValue, "The question in words.");
const SHOW: Key = Key::new("show", Shape::Value, "What a person needs to see for it.");
const DATA: Key = Key::new(
    "data",
    Shape::Value,
    "What is approved and may be amended (default: the step's input; of a `decision` step null).",
);
const FORM: Key = Key::new(
    "form",
    Shape::Any,
    "JSON Schema of the data of an answer; data that does not fit is refused. It may not refer to other documents.",
);
const APPROVERS: Key = Key::new(
    "approvers",
    NAMES,
    "Who may answer: `user:NAME`, `role:NAME` (default: any caller with the permission to decide).",
);
const QUORUM: Key = Key::new(
    "quorum",
    Shape::Count(1),
    "How many must approve (default 1); the first one's data stands. One rejection decides.",
);
const COMMENT: Key = Key::new(
    "comment",
    Shape::Word(&[Word::now("optional"), Word::now("required")]),
    "Whether an answer needs a comment.",
);
const REMINDERS: Key = Key::new(
    "reminders",
    Shape::List(&Shape::Duration),
    "When those who may answer are notified again, counted from the request.",
);
const TIMEOUT: Key = Key::new(
    "timeout",
    Shape::DurationValue,
    "How long it is waited for.",
);
const ON_TIMEOUT: Key = Key::new(
    "on-timeout",
    Shape::Word(&[
        Word::now("approve"),
        Word::now("reject"),
        Word::now("escalate"),
        Word::now("pause"),
    ]),
    "What then: approve, reject (the default), ask `escalate-to` for the same time once more and then reject, or wait on without an end (`pause`).",
);
const ESCALATE_TO: Key = Key::new("escalate-to", NAMES, "Who decides after an escalation.");
const DELEGATE: Key = Key::new(
    "delegate",
    Shape::Bool,
    "Whether someone who may answer may hand that on.",
);
const NOTICE_SHAPE: Shape = Shape::Object(&NOTICE);
const NOTICES: Shape = Shape::List(&NOTICE_SHAPE);
const NOTIFY: Key = Key::new(
    "notify",
    NOTICES,
    "Calls that tell of the request, of each reminder and of an escalation.",
);

/// How a person is asked before a step runs.
pub(crate) static MAN_MODE: Object = Object {
    name: "man-mode",
    doc: "How a person is asked before the step runs. The step is gated where its risk, a policy, `when` or `always` says so.",
    keys: &[
        Key::new("when", Shape::Condition, "Gates the step where it holds."),
        Key::new("always", Shape::Bool, "Gates the step always."),
        PROMPT,
        SHOW,
        DATA,
        FORM,
        APPROVERS,
        QUORUM,
        COMMENT,
        REMINDERS,
        TIMEOUT,
        ON_TIMEOUT,
        ESCALATE_TO,
        DELEGATE,
        NOTIFY,
    ],
};

/// A step that is a question.
pub(crate) static DECISION: Object = Object {
    name: "decision",
    doc: "A question to a person. The output is `{outcome, data, by, at, comment}`, the outcome `approved`, `rejected`, `amended` or `expired`.",
    keys: &[
        PROMPT,
        SHOW,
        DATA,
        FORM,
        APPROVERS,
        QUORUM,
        COMMENT,
        REMINDERS,
        TIMEOUT,
        ON_TIMEOUT,
        ESCALATE_TO,
        DELEGATE,
        NOTIFY,
        Key::new(
            "on-reject",
            Shape::Word(&[Word::now("continue"), Word::now("fail")]),
            "What a rejection (or a time-out that rejects) does: the outcome is the output (the default), or the step fails with `decision.rejected` (`decision.expired`).",
        ),
    ],
};

/// A call that tells of a decision.
pub(crate) static NOTICE: Object = Object {
    name: "notice",
    doc: "A call that tells of a decision. Its input sees `decision.id`, `prompt`, `url`, `approve-url`, `reject-url` and `expires-at`; the links are signed and work once.",
    keys: &[
        Key::new("adapter", Shape::Name, "The adapter.").required(),
        Key::new("action", Shape::Text, "Its action."),
        Key::new(
            "input",
            Shape::Value,
            "What it is called with (default: all of `decision`).",
        ),
    ],
};

/// A rule about risk.
pub(crate) static RISK_POLICY: Object = Object {
    name: "policies.risk",
    doc: "A rule that says how risky a call is. It sees `adapter`, `action`, `step`, `call` (the step's input), `input`, `env`. The highest level that a rule, the step or the action gives counts.",
    keys: &[
        NAME,
        Key::new("when", Shape::Condition, "The calls that it is about.").required(),
        Key::new("level", Shape::Word(RISKS), "How risky they are.").required(),
        MODE,
    ],
};

/// A rule about what a person must approve.
pub(crate) static MAN_POLICY: Object = Object {
    name: "policies.man-mode",
    doc: "A rule that holds calls back. It sees `adapter`, `action`, `step`, `call` (the step's input), `input`, `env`. An error in its condition other than a missing field counts as a match.",
    keys: &[
        NAME,
        Key::new("when", Shape::Condition, "The calls that it is about.").required(),
        Key::new(
            "effect",
            Shape::Word(&[Word::now("require"), Word::now("block"), Word::now("audit")]),
            "A person must approve the call (`require`, the default), it is refused with `policy.blocked`, or it runs and is recorded for review.",
        ),
        Key::new(
            "approvers",
            Shape::List(&Shape::Text),
            "Who may answer where the step does not say: `user:NAME`, `role:NAME`.",
        ),
        Key::new(
            "four-eyes",
            Shape::Bool,
            "Whoever started the instance cannot be the only one who approves.",
        ),
        MODE,
    ],
};

const NAME: Key = Key::new(
    "name",
    Shape::Text,
    "Its name (default: the text of its condition); `apply` adds or replaces by name.",
);
const MODE: Key = Key::new(
    "mode",
    Shape::Word(&[Word::now("enforce"), Word::now("evaluate")]),
    "`evaluate` records what the rule would have done and does nothing.",
);
