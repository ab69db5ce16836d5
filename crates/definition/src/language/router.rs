use super::{Choice, Key, Object, Shape, Word};

/// `router` of a document: a list of rules, or the long form.
pub(crate) const ROUTER_CHOICE: Shape = Shape::OneOf(&[
    Choice::now(Shape::List(&RULE_SHAPE)),
    Choice::now(Shape::Object(&ROUTER)),
]);

const RULE_SHAPE: Shape = Shape::Object(&ROUTE_RULE);
const MEMBER: Shape = Shape::OneOf(&[
    Choice::now(Shape::Text),
    Choice::now(Shape::Object(&POOL_MEMBER)),
]);
const DESTINATION_CHOICE: Shape = Shape::OneOf(&[
    Choice::now(Shape::Text),
    Choice::now(Shape::Object(&DESTINATION)),
]);
const NAMED_CHOICE: Shape =
    Shape::OneOf(&[Choice::now(Shape::Text), Choice::now(Shape::Object(&NAMED))]);

const WORKFLOW: Key = Key::new(
    "workflow",
    Shape::Name,
    "The workflow; a start without a version takes the one that holds then.",
);
const ADAPTER: Key = Key::new(
    "adapter",
    Shape::Name,
    "The adapter; it is called by an instance of one step.",
);
const ACTION: Key = Key::new(
    "action",
    Shape::Text,
    "The adapter's action (default: its `default-action`).",
)
.beside(&["adapter"]);
const NEXT: Key = Key::new("router", Shape::Name, "The router that decides further.");

/// Rules that send an event to destinations.
pub(crate) static ROUTER: Object = Object {
    name: "router",
    doc: "Rules that send an event to destinations. A list of rules alone is the router `default` with `mode: first`.",
    keys: &[
        Key::new("name", Shape::Name, "Unique name (default `default`)."),
        Key::new("description", Shape::Text, "For people."),
        Key::new(
            "match",
            Shape::Condition,
            "Which events it is for (default: all). Sees what the conditions of its rules see.",
        ),
        Key::new(
            "mode",
            Shape::Word(&[Word::now("first"), Word::now("all")]),
            "The `first` rule that holds decides (the default), or `all` that hold do.",
        ),
        Key::new(
            "rules",
            Shape::List(&RULE_SHAPE),
            "The rules, asked in order.",
        )
        .required(),
        Key::new(
            "default",
            DESTINATION_CHOICE,
            "Where an event goes that no rule takes (default: it is kept as unrouted).",
        ),
        // Written by `apply` into the stored form: the settings that hyphens were resolved against.
        Key::new("$names", Shape::Any, "Set by `apply`; not for writing."),
    ],
};

/// One rule.
pub(crate) static ROUTE_RULE: Object = Object {
    name: "router.rule",
    doc: "`condition` and `destination`; the last one may be `default` alone. Expressions see `event` (its data), `meta` (its CloudEvents attributes), `env`, `now` and `adapters.<name>.healthy`, `breaker`, `in-flight`, `error-rate`. A field that is missing is no match.",
    keys: &[
        Key::new(
            "name",
            Shape::Name,
            "Its name in answers and figures (default: its place, from 0).",
        ),
        Key::new("condition", Shape::Condition, "The events that it takes."),
        Key::new("destination", DESTINATION_CHOICE, "Where they go."),
        Key::new(
            "priority",
            Shape::TextValue,
            "`low`, `normal`, `high` or `critical` of what is started; may be computed (default: what the workflow says).",
        ),
        Key::new(
            "transform",
            Shape::Value,
            "The input of what is started (default: the event's data).",
        ),
        Key::new(
            "default",
            DESTINATION_CHOICE,
            "Where an event goes that no rule takes; stands alone and last.",
        ),
    ],
};

/// A destination that is more than a name.
pub(crate) static DESTINATION: Object = Object {
    name: "router.destination",
    doc: "A destination: exactly one of `workflow`, `adapter`, `router`, `pool`. A name alone is looked up as a workflow, an adapter (`ADAPTER/ACTION` names an action) and a router, in this order.",
    keys: &[
        WORKFLOW,
        ADAPTER,
        ACTION,
        NEXT,
        Key::new(
            "pool",
            Shape::List(&MEMBER),
            "Several destinations, of which each event goes to one. One whose adapter cannot be called at the moment is passed over while another can.",
        ),
        Key::new(
            "balance",
            Shape::Word(&[
                Word::now("round-robin"),
                Word::now("weighted"),
                Word::now("least-connections"),
                Word::now("custom"),
            ]),
            "How events are spread over the pool (default `round-robin`): in turn, by `weight`, to the one with the least work under way, or by `score`.",
        )
        .beside(&["pool"]),
        Key::new(
            "score",
            Shape::Condition,
            "Under `balance: custom` the member with the highest score takes the event. Sees `target.weight`, `in-flight`, `latency-p95` (in milliseconds), `error-rate`, `zone` and `node.zone`.",
        )
        .beside(&["pool"]),
    ],
};

/// A member of a pool.
pub(crate) static POOL_MEMBER: Object = Object {
    name: "router.pool",
    doc: "A member of a pool; a name alone has the weight 1.",
    keys: &[
        Key::new("destination", NAMED_CHOICE, "Where its events go.").required(),
        Key::new(
            "weight",
            Shape::Count(1),
            "Its share under `weighted`, from 1 (the default) to 1000.",
        ),
        Key::new("zone", Shape::Text, "Where it stands."),
    ],
};

/// A destination that is one thing.
pub(crate) static NAMED: Object = Object {
    name: "router.named",
    doc: "Exactly one of `workflow`, `adapter`, `router`.",
    keys: &[WORKFLOW, ADAPTER, ACTION, NEXT],
};
