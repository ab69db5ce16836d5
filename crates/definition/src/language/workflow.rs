use super::callback::CALLBACK;
use super::emit::DEADLINE;
use super::retry::RETRY_CHOICE;
use super::trigger::TRIGGER;
use super::turn::{CONCURRENCY, FAIRNESS};
use super::{Key, Object, Shape, Word};

/// A definition.
pub(crate) static WORKFLOW: Object = Object {
    name: "workflow",
    doc: "A definition at one version. A version never changes once it was applied.",
    keys: &[
        Key::new("name", Shape::Name, "Unique name.").required(),
        Key::new("version", Shape::Version, "Semantic version.").required(),
        Key::new("description", Shape::Text, "For people."),
        Key::new(
            "trigger",
            Shape::Object(&TRIGGER),
            "What starts it beside the API and the command line.",
        ),
        Key::new(
            "triggers",
            Shape::List(&Shape::Object(&TRIGGER)),
            "Several of them, each with an `id` (default: index and type).",
        ),
        Key::new(
            "input",
            Shape::Object(&INPUT),
            "What an instance is started with.",
        ),
        Key::new(
            "priority",
            Shape::TextValue,
            "`low`, `normal`, `high` or `critical`; may be computed. What a start says goes before it.",
        ),
        Key::new("timeout", Shape::DurationValue, "Of the whole instance."),
        Key::new(
            "deadlines",
            Shape::List(&Shape::Object(&DEADLINE)),
            "Events that are published when an instance takes long, without ending it; at most 16.",
        ),
        Key::new(
            "concurrency",
            Shape::Object(&CONCURRENCY),
            "How many instances with the same key may run at once.",
        ),
        Key::new(
            "fairness",
            Shape::Object(&FAIRNESS),
            "Shares between keys where work waits.",
        ),
        Key::new(
            "subject",
            Shape::TextValue,
            "Whom or what an instance is about.",
        ),
        Key::new(
            "attributes",
            Shape::Map(&Shape::Value),
            "Searchable attributes.",
        ),
        Key::new(
            "defaults",
            Shape::Object(&DEFAULTS),
            "For the workflow's steps.",
        ),
        Key::new(
            "on-failure",
            Shape::Word(&[Word::now("compensate"), Word::now("stop"), Word::now("man")]),
            "`compensate` undoes completed steps in reverse order (the default where any step has a compensation); `stop` leaves them; `man` asks a person.",
        ),
        Key::new(
            "callbacks",
            Shape::List(&Shape::Object(&CALLBACK)),
            "Webhooks out on lifecycle events of this workflow.",
        ),
        Key::new("output", Shape::Value, "The instance's output."),
        Key::new("steps", Shape::Steps, "What it does.").required(),
        Key::new(
            "finally",
            Shape::Steps,
            "Steps that run however the instance ends; they are never compensated.",
        ),
        // Written by `apply` into the stored form: the settings that hyphens were resolved against.
        Key::new("$names", Shape::Any, "Set by `apply`; not for writing."),
    ],
};

/// `input` of a workflow.
pub(crate) static INPUT: Object = Object {
    name: "workflow.input",
    doc: "What an instance may be started with.",
    keys: &[
        Key::new(
            "schema",
            Shape::Any,
            "JSON Schema; an input that does not fit is refused with pointers to what is wrong. It may not refer to other documents.",
        ),
        Key::new(
            "sensitive",
            Shape::List(&Shape::Pointer),
            "JSON pointers into the input that are masked wherever it is shown.",
        ),
    ],
};

/// `defaults` of a workflow.
pub(crate) static DEFAULTS: Object = Object {
    name: "workflow.defaults",
    doc: "For the steps of the workflow that do not say otherwise.",
    keys: &[
        Key::new("timeout", Shape::Duration, "Of one attempt."),
        Key::new("retry", RETRY_CHOICE, "Retry policy."),
    ],
};
