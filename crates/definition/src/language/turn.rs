use super::{Choice, Key, Object, Shape, Word};

const SCOPES: &[Word] = &[Word::now("workflow"), Word::now("all")];

/// `concurrency` of a workflow.
pub(crate) static CONCURRENCY: Object = Object {
    name: "workflow.concurrency",
    doc: "How many instances with the same key run at once, over all nodes. One runs from the moment its steps begin until it has ended, whatever it waits for meanwhile.",
    keys: &[
        Key::new(
            "key",
            Shape::TextValue,
            "Instances with the same key count together (default: all of them).",
        ),
        Key::new("limit", Shape::Count(1), "So many at once.").required(),
        Key::new(
            "on-limit",
            Shape::Word(&[
                Word::now("queue"),
                Word::now("reject"),
                Word::now("cancel-oldest"),
            ]),
            "What becomes of one more: it waits for its turn (the default); its start is refused; or the oldest one is cancelled and it follows when that has ended.",
        ),
        Key::new(
            "scope",
            Shape::Word(SCOPES),
            "Which instances count: those of this `workflow` in all its versions (the default), or those of `all` workflows that use the same key with this scope.",
        ),
    ],
};

/// `concurrency` of a step.
pub(crate) static STEP_CONCURRENCY: Object = Object {
    name: "step.concurrency",
    doc: "How many calls of the step are under way at once, over all instances and nodes; what is above waits, and uses up no attempt. A number alone is the limit of all calls of the step.",
    keys: &[
        Key::new(
            "key",
            Shape::TextValue,
            "Calls with the same key count together (default: all of them).",
        ),
        Key::new("limit", Shape::Count(1), "So many at once.").required(),
        Key::new(
            "scope",
            Shape::Word(SCOPES),
            "Which calls count: those of this step of the `workflow` (the default), or those of `all` steps that use the same key with this scope.",
        ),
    ],
};

/// `fairness` of a workflow.
pub(crate) static FAIRNESS: Object = Object {
    name: "workflow.fairness",
    doc: "Where work waits (for its turn under a limit, or for room at an adapter), each key gets its share, however much another one has waiting.",
    keys: &[
        Key::new(
            "key",
            Shape::TextValue,
            "Whose work it is, such as the tenant.",
        )
        .required(),
        Key::new(
            "weight",
            WEIGHT,
            "How large its share is beside others: a whole number from 1 (the default) to 1000, or an expression that gives one.",
        ),
    ],
};

const WEIGHT: Shape = Shape::OneOf(&[Choice::now(Shape::Count(1)), Choice::now(Shape::TextValue)]);
