use super::emit::{AWAITED, EMIT};
use super::man::{DECISION, MAN_MODE_CHOICE, RISKS};
use super::retry::RETRY_CHOICE;
use super::turn::STEP_CONCURRENCY;
use super::{Choice, Key, Object, Shape, Word};

/// The keys of which a step has exactly one (a group has only `steps`).
pub(crate) const ACTIONS: [&str; 13] = [
    "adapter", "workflow", "parallel", "switch", "for-each", "repeat", "wait", "decision", "emit",
    "set", "fail", "complete", "break",
];

const CALLS: &[&str] = &["adapter", "workflow"];

/// One step.
pub(crate) static STEP: Object = Object {
    name: "step",
    doc: "A step has an id and exactly one action; the other keys say how it is carried out. A step with only `steps` is a group.",
    keys: &[
        Key::new("id", Shape::Name, "Unique in the definition.").required(),
        Key::new("description", Shape::Text, "For people."),
        Key::new("adapter", Shape::Name, "Action: calls this adapter."),
        Key::new("action", Shape::Text, "The adapter's action (default: its `default-action`).").beside(&["adapter"]),
        Key { beside: &["adapter"], ..Key::later("actions", "The actions that a computed `action` may give.") },
        Key::new("input", Shape::Value, "What it is called or started with (default: the workflow's input).").beside(CALLS),
        Key::new("idempotency-key", Shape::TextValue, "Replaces the built-in key of the call.").beside(&["adapter"]),
        Key::new("workflow", Shape::Name, "Action: starts a child workflow and waits for it."),
        Key::new("version", Shape::VersionRange, "Which versions of the child will do.").beside(&["workflow"]),
        Key::new("detach", Shape::Bool, "Do not wait for the child.").beside(&["workflow"]),
        Key::new("placement", Shape::Word(&[Word::now("near"), Word::now("spread")]), "Where the child runs: `near` its parent, in the same partition, or `spread` over all of them (default: near, but spread in a `for-each` and when detached).").beside(&["workflow"]),
        Key::new("parallel", PARALLEL, "Action: runs branches, each a list of steps, side by side; a mapping names them."),
        Key::new("join", JOIN, "When it is done: `all` ended well, `any` is the first success, N the first N successes.").beside(&["parallel"]),
        Key::new("accept", Shape::Condition, "A branch counts only where this holds; it sees `branch` (name or index) and `output`.").beside(&["parallel"]),
        Key::new("losers", Shape::Word(&[Word::now("compensate"), Word::now("keep")]), "Completed steps of losing branches are undone at once, or stay in the saga.").beside(&["parallel"]),
        Key::new("failure", Shape::Word(&[Word::now("fail-fast"), Word::now("collect")]), "What the first failure inside does: cancel the rest, or let all end (the output is then `{results, errors}`).").beside(&["parallel", "for-each"]),
        Key::new("switch", Shape::List(&Shape::Object(&CASE)), "Action: runs the first case that holds; none: the step is skipped."),
        Key::new("for-each", ITEMS, "Action: runs `steps` for each item of a list."),
        Key::new("as", Shape::Identifier, "The item's name in expressions (default: `item`).").beside(&["for-each"]),
        Key::new("batch", Shape::Count(1), "Items per lane; the item is then a list.").beside(&["for-each"]),
        Key::new("concurrency", STEP_LIMIT, "On a `for-each`: lanes at once (default 64), a number. On a call: its calls at once, over all instances of the workflow.").beside(&["for-each", "adapter"]),
        Key::new("rate", Shape::Text, "Lanes opened per time, such as `10/s`, `30/m` or `500/h` (default: as room frees).").beside(&["for-each"]),
        Key::new("max-failures", Shape::Threshold, "Failed lanes that are borne: a count or a share such as `1%`.").beside(&["for-each"]),
        Key::new("collect", Shape::Value, "What each lane adds to the output (default: its last output).").beside(&["for-each"]),
        Key::new("repeat", Shape::Object(&REPEAT), "Action: runs `steps` in rounds."),
        Key::new("steps", Shape::Steps, "The body of a loop, or of a group."),
        Key::new("wait", Shape::Object(&WAIT), "Action: waits, durable and without using memory."),
        Key::new("decision", Shape::Object(&DECISION), "Action: asks a person."),
        Key::new("emit", Shape::Object(&EMIT), "Action: publishes an event; the output is `{id, type, source, subject}`."),
        Key::new("set", Shape::Map(&Shape::Value), "Action: computes values into its output."),
        Key::new("fail", Shape::Object(&FAIL), "Action: raises an error here."),
        Key::new("complete", Shape::Value, "Action: ends the instance with this output."),
        Key::new("break", Shape::Value, "Action: ends the nearest loop with this value."),
        Key::new("when", Shape::Condition, "Else the step is skipped."),
        Key::new("needs", Shape::List(&Shape::Name), "Steps of the same list that must have ended before (default: the one before it; `[]` starts it at once)."),
        Key::new("timeout", Shape::DurationValue, "Of one attempt; of the whole on blocks, waits and children."),
        Key::later("heartbeat-timeout", "How long a worker may be silent."),
        Key::new("retry", RETRY_CHOICE, "A policy's name or fields; refused on blocks.").beside(CALLS),
        Key::new("on-error", Shape::Word(&[Word::now("fail"), Word::now("continue"), Word::now("man")]), "After the last attempt; goes before the policy's `on-exhausted`."),
        Key::new("catch", Shape::List(&Shape::Object(&CATCH)), "Steps that handle an error."),
        Key::new("compensation", COMPENSATION_CHOICE, "How it is undone: an action of its own adapter, else an adapter, else a workflow; or in full.").beside(CALLS),
        Key::new("verify", VERIFY_CHOICE, "Asked before undoing a step of unknown outcome whether it took effect; answers `{found, output}`.").beside(&["compensation"]),
        Key::new("man-mode", MAN_MODE_CHOICE, "Whether a person must approve before it runs, and how they are asked. `false` opts out of the environment's threshold, never of a policy."),
        Key::new("risk", Shape::Word(RISKS), "How risky the step is; from the environment's `man-mode-threshold` on a person must approve."),
        Key::new("isolate", Shape::Bool, "The list goes on past the step: only steps that `need` it or use its output wait for it."),
        Key::new("priority", Shape::TextValue, "Of the step's calls where they wait for room: `low`, `normal`, `high` or `critical`; may be computed (default: the instance's).").beside(&["adapter"]),
        Key::new("cache", Shape::Object(&CACHE), "Uses an output that was completed under the same key instead of calling again. Not on a step with a compensation.").beside(&["adapter"]),
    ],
};

/// `cache` of a step.
pub(crate) static CACHE: Object = Object {
    name: "step.cache",
    doc: "An output that a step completed with is used by every step that asks for the same key, of any workflow of the namespace, until its time is over.",
    keys: &[
        Key::new(
            "key",
            Shape::TextValue,
            "What the output is found by, at most 256 bytes; null and an empty text call as if there were no `cache`.",
        )
        .required(),
        Key::new(
            "ttl",
            Shape::Duration,
            "How long it is used, `1s` to `30d`, from its completion on.",
        )
        .required(),
    ],
};

const STEP_LIMIT: Shape = Shape::OneOf(&[
    Choice::now(Shape::Count(1)),
    Choice::now(Shape::Object(&STEP_CONCURRENCY)),
]);

const PARALLEL: Shape = Shape::OneOf(&[
    Choice::now(Shape::List(&Shape::Steps)),
    Choice::now(Shape::Map(&Shape::Steps)),
]);

const JOIN: Shape = Shape::OneOf(&[
    Choice::now(Shape::Word(&[Word::now("all"), Word::now("any")])),
    Choice::now(Shape::Count(1)),
]);

const ITEMS: Shape = Shape::OneOf(&[
    Choice::now(Shape::TextValue),
    Choice::now(Shape::List(&Shape::Value)),
    Choice::later(Shape::Object(&PAGES)),
]);

/// `for-each` over a paged source.
pub(crate) static PAGES: Object = Object {
    name: "for-each.pages",
    doc: "Items that come from a paged source.",
    keys: &[Key::new(
        "from",
        Shape::Any,
        "The call that gives a page, and how the next one is asked for.",
    )
    .required()],
};

/// A case of a switch.
pub(crate) static CASE: Object = Object {
    name: "case",
    doc: "A case of a `switch`: `when` and `steps`, or only `default`.",
    keys: &[
        Key::new("when", Shape::Condition, "Holds or not."),
        Key::new("steps", Shape::Steps, "What the case does."),
        Key::new(
            "default",
            Shape::Steps,
            "What is done when no case holds; stands last.",
        ),
    ],
};

/// Rounds.
pub(crate) static REPEAT: Object = Object {
    name: "repeat",
    doc: "How rounds follow each other. The output is `{state, last, rounds}`.",
    keys: &[
        Key::new("state", Shape::Value, "The first `state`."),
        Key::new(
            "next",
            Shape::Value,
            "The next `state`, computed after each round, after `until` was asked.",
        ),
        Key::new("while", Shape::Condition, "Asked before a round."),
        Key::new(
            "until",
            Shape::Condition,
            "Asked after a round; sees its steps and its `state`.",
        ),
        Key::new("max", Shape::Count(1), "At most so many rounds."),
        Key::new("delay", Shape::DurationValue, "Between rounds."),
        Key::new(
            "on-max",
            Shape::Word(&[Word::now("fail"), Word::now("continue")]),
            "What reaching `max` does: error `loop-limit` (the default), or end well.",
        ),
    ],
};

/// A wait.
pub(crate) static WAIT: Object = Object {
    name: "wait",
    doc: "What is waited for: exactly one of `for`, `at`, `signal`, `event`.",
    keys: &[
        Key::new("for", Shape::DurationValue, "So long."),
        Key::new(
            "at",
            Shape::TextValue,
            "Until a time (RFC 3339, or computed).",
        ),
        Key::new(
            "signal",
            Shape::TextValue,
            "A signal of this name, which someone sends to the instance; its data is the output. One that comes before the wait is kept for it.",
        ),
        Key::new(
            "event",
            Shape::Object(&AWAITED),
            "An event of this type and key; its data is the output. One that came a while before the wait is kept for it.",
        ),
        Key::new(
            "timeout",
            Shape::DurationValue,
            "How long the signal or event is waited for (default: without an end).",
        )
        .beside(&["signal", "event"]),
        Key::new(
            "on-timeout",
            Shape::Word(&[Word::now("fail"), Word::now("continue")]),
            "What then: `fail` with `wait.timeout` (the default), or `continue` with the output null and `steps.<id>.expired` true.",
        )
        .beside(&["timeout"]),
    ],
};

/// An error to raise.
pub(crate) static FAIL: Object = Object {
    name: "fail",
    doc: "The error to raise; it is never retried.",
    keys: &[
        Key::new("type", Shape::TextValue, "What `catch` matches.").required(),
        Key::new("message", Shape::TextValue, "For people."),
    ],
};

/// A handler.
pub(crate) static CATCH: Object = Object {
    name: "catch",
    doc: "Steps that handle errors of a type; handlers are tried in order, and see the error as `error`.",
    keys: &[
        Key::new(
            "error",
            Shape::Text,
            "The error's type, exact or with a trailing `*`.",
        )
        .required(),
        Key::new("steps", Shape::Steps, "The handler.").required(),
    ],
};

const COMPENSATION_CHOICE: Shape = Shape::OneOf(&[
    Choice::now(Shape::Text),
    Choice::now(Shape::Object(&COMPENSATION)),
]);

/// An undo.
pub(crate) static COMPENSATION: Object = Object {
    name: "compensation",
    doc: "How a step is undone. Called with `{input, output}` of the step unless it has an `input`.",
    keys: &[
        Key::new(
            "adapter",
            Shape::Name,
            "The adapter (default: the step's own).",
        ),
        Key::new("action", Shape::Text, "Its action."),
        Key::new("workflow", Shape::Name, "A workflow instead of an adapter."),
        Key::new(
            "input",
            Shape::Value,
            "What it is called with; `steps.<own id>` is the step that is undone.",
        ),
        Key::new(
            "retry",
            RETRY_CHOICE,
            "Its own retry (default: as for a step on its adapter).",
        ),
        Key::new("timeout", Shape::Duration, "Of one attempt."),
        Key::new("verify", VERIFY_CHOICE, "As `verify` of the step."),
    ],
};

const VERIFY_CHOICE: Shape = Shape::OneOf(&[
    Choice::now(Shape::Text),
    Choice::now(Shape::Object(&VERIFY)),
]);

/// A question whether a step took effect.
pub(crate) static VERIFY: Object = Object {
    name: "verify",
    doc: "The call that tells whether a step took effect.",
    keys: &[
        Key::new(
            "adapter",
            Shape::Name,
            "The adapter (default: the step's own).",
        ),
        Key::new("action", Shape::Text, "Its action."),
        Key::new(
            "input",
            Shape::Value,
            "What it is called with (default: `{input}` of the step).",
        ),
    ],
};
