use super::{Choice, Key, Object, Shape, Word};

const CASE_SHAPE: Shape = Shape::Object(&TEST_CASE);
const ANSWER_SHAPE: Shape = Shape::Object(&MOCK);
const ANSWERS: Shape = Shape::OneOf(&[
    Choice::now(ANSWER_SHAPE),
    Choice::now(Shape::List(&ANSWER_SHAPE)),
]);
const SIGNAL_SHAPE: Shape = Shape::Object(&TEST_SIGNAL);
const EVENT_SHAPE: Shape = Shape::Object(&TEST_EVENT);
const DECISION_SHAPE: Shape = Shape::Object(&TEST_DECISION);

/// What people of a test may answer.
const CHOICES: &[Word] = &[
    Word::now("approve"),
    Word::now("reject"),
    Word::now("amend"),
    Word::now("retry"),
    Word::now("skip"),
    Word::now("supply"),
    Word::now("compensate"),
    Word::now("fail"),
    Word::now("done"),
];

/// Test cases of a workflow.
pub(crate) static TEST: Object = Object {
    name: "test",
    doc: "Test cases of a workflow, run by `orchestrator test`; a server leaves them alone.",
    keys: &[
        Key::new("workflow", Shape::Name, "The workflow that is started.").required(),
        Key::new(
            "version",
            Shape::Version,
            "Its version (default: the one that a start takes).",
        ),
        Key::new(
            "cases",
            Shape::List(&CASE_SHAPE),
            "The cases; each runs by itself.",
        )
        .required(),
    ],
};

/// One run of the workflow.
pub(crate) static TEST_CASE: Object = Object {
    name: "test.case",
    doc: "One start of the workflow, what surrounds it, and what must come of it.",
    keys: &[
        Key::new("name", Shape::Text, "What it shows, in words.").required(),
        Key::new("input", Shape::Any, "What the workflow is started with."),
        Key::new("clock", Shape::Text, "When it is started: `2026-01-31T08:00:00Z`. Time passes at once wherever the workflow waits."),
        Key::new("mocks", Shape::Map(&ANSWERS), "What adapters answer, by `ADAPTER` or `ADAPTER/ACTION`: one answer for all calls, or a list of them in order, whose last one answers all further calls. A call that nothing is said about fails the case, except of a `builtin` adapter, which works."),
        Key::new("signals", Shape::List(&SIGNAL_SHAPE), "Signals that are sent."),
        Key::new("events", Shape::List(&EVENT_SHAPE), "Events that are sent."),
        Key::new("decisions", Shape::List(&DECISION_SHAPE), "What people answer when they are asked; each answers one question."),
        Key::new("expect", Shape::Object(&TEST_EXPECT), "What must have come of it when it has ended, or waits for what the case does not bring.").required(),
    ],
};

/// What an adapter answers.
pub(crate) static MOCK: Object = Object {
    name: "test.answer",
    doc: "What a mocked call answers: its input, unless it says `output` or `error`.",
    keys: &[
        Key::new("output", Shape::Any, "The call succeeds with this."),
        Key::new("error", Shape::Object(&MOCK_ERROR), "The call fails."),
        Key::new("delay", Shape::Duration, "How long the call takes."),
    ],
};

/// How a mocked call fails.
pub(crate) static MOCK_ERROR: Object = Object {
    name: "test.error",
    doc: "How a mocked call fails.",
    keys: &[
        Key::new(
            "type",
            Shape::Text,
            "The error's type, as retry policies and `catch` match it: `http.503`.",
        )
        .required(),
        Key::new("message", Shape::Text, "In words."),
        Key::new(
            "retryable",
            Shape::Bool,
            "Whether another attempt may succeed (default: as for that type of `http`).",
        ),
        Key::new(
            "effect",
            Shape::Word(&[Word::now("none"), Word::now("unknown")]),
            "Whether something may have happened on the other side (default `none`).",
        ),
    ],
};

/// A signal to the instance.
pub(crate) static TEST_SIGNAL: Object = Object {
    name: "test.signal",
    doc: "A signal that is sent to the instance.",
    keys: &[
        Key::new("name", Shape::Name, "The signal's name.").required(),
        Key::new("data", Shape::Any, "Its data."),
        Key::new(
            "after",
            Shape::Duration,
            "How long after the start (default: at once).",
        ),
    ],
};

/// An event that is sent.
pub(crate) static TEST_EVENT: Object = Object {
    name: "test.event",
    doc: "An event that is sent to whoever waits for it.",
    keys: &[
        Key::new("type", Shape::Text, "The event's type.").required(),
        Key::new(
            "subject",
            Shape::Text,
            "Its subject (default: what the instance's waits find events by).",
        ),
        Key::new("data", Shape::Any, "Its data."),
        Key::new(
            "after",
            Shape::Duration,
            "How long after the start (default: at once).",
        ),
    ],
};

/// A person's answer.
pub(crate) static TEST_DECISION: Object = Object {
    name: "test.decision",
    doc: "What a person answers when a step asks.",
    keys: &[
        Key::new("step", Shape::Name, "The step that asks (default: any)."),
        Key::new("choice", Shape::Word(CHOICES), "The answer.").required(),
        Key::new(
            "by",
            Shape::Text,
            "Who answers: `ann`, with roles after it: `ann:finance,lead` (default `tester`).",
        ),
        Key::new("comment", Shape::Text, "Why."),
        Key::new("data", Shape::Any, "The data of an `amend` or `supply`."),
        Key::new(
            "after",
            Shape::Duration,
            "How long after the question (default: at once).",
        ),
    ],
};

/// What must have come of a case.
pub(crate) static TEST_EXPECT: Object = Object {
    name: "test.expect",
    doc: "What must have come of the case; what is left out may be anything.",
    keys: &[
        Key::new(
            "status",
            Shape::Text,
            "The instance's status: `completed`, `failed`, `compensated`, `cancelled`, or an open one where it waits.",
        ),
        Key::new(
            "path",
            Shape::List(&Shape::Text),
            "The steps that completed or failed, by id, in the order in which they ended; `undo ID` for one that was undone. Blocks stand behind what is in them.",
        ),
        Key::new("output", Shape::Any, "The output."),
        Key::new("error", Shape::Text, "The type of the instance's error."),
        Key::new(
            "calls",
            Shape::Map(&Shape::Count(0)),
            "How often adapters were called, by `ADAPTER` or `ADAPTER/ACTION`, attempts and undos included.",
        ),
    ],
};
