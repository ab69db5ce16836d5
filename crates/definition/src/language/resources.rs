use super::adapters::{ACTION, ADAPTER, HEALTH, TARGET};
use super::callback::CALLBACK;
use super::emit::{AWAITED, DEADLINE, EMIT};
use super::event::EVENT;
use super::limits::{CIRCUIT_BREAKER, FALLBACK, RATE_LIMIT};
use super::man::{DECISION, MAN_MODE, MAN_POLICY, NOTICE, RISK_POLICY};
use super::policies::{self, ENVIRONMENT, POLICIES};
use super::retry::RETRY;
use super::router::{DESTINATION, NAMED, POOL_MEMBER, ROUTE_RULE, ROUTER, ROUTER_CHOICE};
use super::steps::{CACHE, CASE, CATCH, COMPENSATION, FAIL, PAGES, REPEAT, STEP, VERIFY, WAIT};
use super::tests::{
    MOCK, MOCK_ERROR, TEST, TEST_CASE, TEST_DECISION, TEST_EVENT, TEST_EXPECT, TEST_SIGNAL,
};
use super::trigger::{SIGNATURE, TRIGGER};
use super::turn::{CONCURRENCY, FAIRNESS, STEP_CONCURRENCY};
use super::window::{BATCH, DEBOUNCE, THROTTLE};
use super::workflow::{self, INPUT, WORKFLOW};
use super::{Choice, Key, Object, Shape};

const TEST_SHAPE: Shape = Shape::Object(&TEST);

/// One YAML document.
pub(crate) static DOCUMENT: Object = Object {
    name: "document",
    doc: "A file holds any number of YAML documents; a document holds one or more of these keys.",
    keys: &[
        Key::new("workflow", Shape::Object(&WORKFLOW), "A definition."),
        Key::new(
            "workflows",
            Shape::List(&Shape::Object(&WORKFLOW)),
            "Several of them.",
        ),
        Key::new(
            "adapters",
            Shape::List(&Shape::Object(&ADAPTER)),
            "Connections to outside systems.",
        ),
        Key::new(
            "policies",
            Shape::Object(&POLICIES),
            "Defaults and rules for all workflows.",
        ),
        Key::new(
            "environments",
            Shape::Map(&Shape::Object(&ENVIRONMENT)),
            "Settings per environment.",
        ),
        Key::new(
            "router",
            ROUTER_CHOICE,
            "Rules that send an event to destinations.",
        ),
        Key::new(
            "routers",
            Shape::List(&Shape::Object(&ROUTER)),
            "Several of them.",
        ),
        Key::new(
            "events",
            Shape::List(&Shape::Object(&EVENT)),
            "What is known of event types.",
        ),
        Key::new(
            "callbacks",
            Shape::List(&Shape::Object(&CALLBACK)),
            "Webhooks out on lifecycle events.",
        ),
        Key::later("flags", "Feature flags."),
        Key::later("alerts", "When people are told."),
        Key::later("metrics", "Figures of one's own."),
        Key::new(
            "test",
            Shape::OneOf(&[
                Choice::now(TEST_SHAPE),
                Choice::now(Shape::List(&TEST_SHAPE)),
            ]),
            "Test cases of a workflow, for `orchestrator test`; several in a list.",
        ),
    ],
};

/// Every object, in the order of the reference.
pub(crate) static OBJECTS: [&Object; 62] = [
    &DOCUMENT,
    &WORKFLOW,
    &TRIGGER,
    &SIGNATURE,
    &DEBOUNCE,
    &BATCH,
    &THROTTLE,
    &INPUT,
    &DEADLINE,
    &CONCURRENCY,
    &FAIRNESS,
    &workflow::DEFAULTS,
    &STEP,
    &STEP_CONCURRENCY,
    &CACHE,
    &CASE,
    &REPEAT,
    &WAIT,
    &AWAITED,
    &EMIT,
    &FAIL,
    &CATCH,
    &COMPENSATION,
    &VERIFY,
    &MAN_MODE,
    &DECISION,
    &NOTICE,
    &PAGES,
    &RETRY,
    &ROUTER,
    &ROUTE_RULE,
    &DESTINATION,
    &POOL_MEMBER,
    &NAMED,
    &EVENT,
    &CALLBACK,
    &ADAPTER,
    &TARGET,
    &ACTION,
    &HEALTH,
    &CIRCUIT_BREAKER,
    &FALLBACK,
    &RATE_LIMIT,
    &POLICIES,
    &policies::DEFAULTS,
    &policies::RULE,
    &policies::RULE_MATCH,
    &policies::RULE_SET,
    &RISK_POLICY,
    &MAN_POLICY,
    &policies::DEFAULT_RETENTION,
    &policies::RETENTION_RULE,
    &policies::RETENTION_MATCH,
    &ENVIRONMENT,
    &TEST,
    &TEST_CASE,
    &MOCK,
    &MOCK_ERROR,
    &TEST_SIGNAL,
    &TEST_EVENT,
    &TEST_DECISION,
    &TEST_EXPECT,
];
