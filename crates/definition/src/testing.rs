//! Test cases as the language has them.

use std::collections::BTreeMap;

use expression::duration;
use serde_json::Value;

use crate::source::Node;

/// Test cases of one workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowTest {
    /// The workflow that is started.
    pub workflow: String,
    /// Its version as it is written; none: the one that a start takes.
    pub version: Option<String>,
    /// The cases, in order.
    pub cases: Vec<TestCase>,
}

/// One start of the workflow, and what must come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TestCase {
    /// What it shows.
    pub name: String,
    /// Where it stands: `FILE:LINE`.
    pub place: String,
    /// What the workflow is started with; null where nothing is said.
    pub input: Value,
    /// When it is started, as it is written.
    pub clock: Option<String>,
    /// What adapters answer, by `ADAPTER` or `ADAPTER/ACTION`; never an empty list.
    pub mocks: BTreeMap<String, Vec<MockAnswer>>,
    /// Signals that are sent.
    pub signals: Vec<TestSignal>,
    /// Events that are sent.
    pub events: Vec<TestEvent>,
    /// What people answer.
    pub decisions: Vec<TestDecision>,
    /// What must come of it.
    pub expect: Expected,
}

/// What a mocked call answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MockAnswer {
    /// How long it takes, in milliseconds.
    pub delay_ms: u64,
    /// It fails so; where it does not and there is no output, it answers its input.
    pub error: Option<MockError>,
    /// It succeeds with this.
    pub output: Option<Value>,
}

/// How a mocked call fails.
#[derive(Clone, Debug, PartialEq)]
pub struct MockError {
    /// Its type.
    pub error_type: String,
    /// In words.
    pub message: String,
    /// Whether another attempt may succeed, where that is said.
    pub retryable: Option<bool>,
    /// Something may have happened on the other side.
    pub unknown: bool,
}

/// A signal that is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct TestSignal {
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: Value,
    /// After the start, in milliseconds.
    pub after_ms: u64,
}

/// An event that is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct TestEvent {
    /// Its type.
    pub event_type: String,
    /// Its subject; none: that of the instance, else its correlation id.
    pub subject: Option<String>,
    /// Its data.
    pub data: Value,
    /// After the start, in milliseconds.
    pub after_ms: u64,
}

/// A person's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct TestDecision {
    /// The step that asks; none: any.
    pub step: Option<String>,
    /// The word of the choice.
    pub choice: String,
    /// Who answers.
    pub by: String,
    /// The roles of who answers.
    pub roles: Vec<String>,
    /// Why.
    pub comment: String,
    /// What goes with it.
    pub data: Option<Value>,
    /// After the question, in milliseconds.
    pub after_ms: u64,
}

/// What must have come of a case; none: anything may.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// The status.
    pub status: Option<String>,
    /// Steps in the order in which they ended.
    pub path: Option<Vec<String>>,
    /// The output.
    pub output: Option<Value>,
    /// The error's type.
    pub error: Option<String>,
    /// Calls by adapter, or adapter and action.
    pub calls: BTreeMap<String, u64>,
}

/// The test of a node whose shape was checked; none where something is missing.
pub(crate) fn read_test(file: &str, node: &Node) -> Option<WorkflowTest> {
    let cases = node.get("cases")?.items().iter();
    Some(WorkflowTest {
        workflow: text(node, "workflow")?,
        version: text(node, "version"),
        cases: cases
            .map(|case| read_case(file, case))
            .collect::<Option<_>>()?,
    })
}

fn read_case(file: &str, node: &Node) -> Option<TestCase> {
    let mocks = node.get("mocks").map(Node::entries).unwrap_or_default();
    let mocks = mocks.iter().map(|entry| {
        let answers = match entry.value.items() {
            [] => vec![read_answer(&entry.value)],
            several => several.iter().map(read_answer).collect(),
        };
        (entry.key.clone(), answers)
    });
    let listed = |key| node.get(key).map(Node::items).unwrap_or_default().iter();
    Some(TestCase {
        name: text(node, "name")?,
        place: format!("{file}:{}", node.span.line),
        input: value(node, "input").unwrap_or(Value::Null),
        clock: text(node, "clock"),
        mocks: mocks.collect(),
        signals: listed("signals").filter_map(read_signal).collect(),
        events: listed("events").filter_map(read_event).collect(),
        decisions: listed("decisions").filter_map(read_decision).collect(),
        expect: node.get("expect").map(read_expected)?,
    })
}

fn read_answer(node: &Node) -> MockAnswer {
    let error = |node: &Node| {
        Some(MockError {
            error_type: text(node, "type")?,
            message: text(node, "message").unwrap_or_else(|| "as the test says".to_owned()),
            retryable: node.get("retryable").and_then(Node::bool),
            unknown: node.text_at("effect") == Some("unknown"),
        })
    };
    MockAnswer {
        delay_ms: millis(node, "delay"),
        error: node.get("error").and_then(error),
        output: value(node, "output"),
    }
}

fn read_signal(node: &Node) -> Option<TestSignal> {
    Some(TestSignal {
        name: text(node, "name")?,
        data: value(node, "data").unwrap_or(Value::Null),
        after_ms: millis(node, "after"),
    })
}

fn read_event(node: &Node) -> Option<TestEvent> {
    Some(TestEvent {
        event_type: text(node, "type")?,
        subject: text(node, "subject"),
        data: value(node, "data").unwrap_or(Value::Null),
        after_ms: millis(node, "after"),
    })
}

fn read_decision(node: &Node) -> Option<TestDecision> {
    let by = text(node, "by").unwrap_or_else(|| "tester".to_owned());
    let (by, roles) = by.split_once(':').unwrap_or((&by, ""));
    let roles = roles.split(',').map(str::trim);
    Some(TestDecision {
        step: text(node, "step"),
        choice: text(node, "choice")?,
        by: by.to_owned(),
        roles: roles
            .filter(|role| !role.is_empty())
            .map(str::to_owned)
            .collect(),
        comment: text(node, "comment").unwrap_or_default(),
        data: value(node, "data"),
        after_ms: millis(node, "after"),
    })
}

fn read_expected(node: &Node) -> Expected {
    let path = node.get("path").map(Node::items);
    let calls = node.get("calls").map(Node::entries).unwrap_or_default();
    let count = |node: &Node| node.count().unwrap_or_default();
    Expected {
        status: text(node, "status"),
        path: path.map(|steps| {
            steps
                .iter()
                .filter_map(Node::text)
                .map(str::to_owned)
                .collect()
        }),
        output: value(node, "output"),
        error: text(node, "error"),
        calls: calls
            .iter()
            .map(|entry| (entry.key.clone(), count(&entry.value)))
            .collect(),
    }
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.text_at(key).map(str::to_owned)
}

fn value(node: &Node, key: &str) -> Option<Value> {
    node.get(key).map(Node::to_json)
}

fn millis(node: &Node, key: &str) -> u64 {
    let written = node
        .text_at(key)
        .and_then(|text| duration::parse(text).ok());
    written.unwrap_or_default()
}
