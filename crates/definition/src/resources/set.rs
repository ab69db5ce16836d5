use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::callback::delivering;
use super::{ResourceKey, ResourceKind};
use crate::check::check_object;
use crate::compile::{callback_name, policy_name, router_name};
use crate::diagnostic::{At, Diagnostic, Report, codes};
use crate::language::DOCUMENT;
use crate::lifecycle::DELIVERY_PREFIX;
use crate::policy::{name_of_policy_rule, name_of_rule};
use crate::source::{MAX_FILE_BYTES, Node, SourceFile, parse};
use crate::testing::{WorkflowTest, read_test};

/// The resources of some files, as far as they could be read.
#[derive(Clone, Debug)]
pub struct ResourceSet {
    pub(super) files: Vec<SourceFile>,
    pub(super) resources: Vec<Resource>,
    /// Test cases, which are no resource.
    tests: Vec<WorkflowTest>,
    /// What reading found, by file.
    pub(super) diagnostics: Vec<Vec<Diagnostic>>,
}

/// A resource in a file.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) key: ResourceKey,
    pub(super) node: Node,
    /// Its file's index.
    pub(super) file: usize,
}

impl ResourceSet {
    /// Reads files, given as name and bytes, and reports everything in them that the language does not have.
    #[must_use]
    pub fn parse(files: Vec<(String, Vec<u8>)>) -> (Self, Vec<Diagnostic>) {
        let mut set = Self {
            files: Vec::new(),
            resources: Vec::new(),
            tests: Vec::new(),
            diagnostics: Vec::new(),
        };
        let mut keys = BTreeSet::new();
        for (name, bytes) in files {
            set.add_file(&name, &bytes, &mut keys);
        }
        let diagnostics = set.diagnostics.concat();
        (set, diagnostics)
    }

    /// The keys of the resources, in the order of the files.
    pub fn keys(&self) -> impl Iterator<Item = &ResourceKey> {
        self.resources.iter().map(|resource| &resource.key)
    }

    /// The test cases, in the order of the files.
    #[must_use]
    pub fn tests(&self) -> &[WorkflowTest] {
        &self.tests
    }

    fn add_file(&mut self, name: &str, bytes: &[u8], keys: &mut BTreeSet<ResourceKey>) {
        let (mut report, documents) = read_file(name, bytes);
        let file = self.files.len();
        for document in &documents {
            check_document(&mut report, document);
            let tests = document.get("test").map(one_or_all).unwrap_or_default();
            let tests = tests.iter().filter_map(|test| read_test(name, test));
            self.tests.extend(tests);
            for (key, node, at) in resources_of(document) {
                if is_reserved(&key) {
                    let message = format!(
                        "names that begin with `{DELIVERY_PREFIX}` belong to what delivers for callbacks"
                    );
                    report.error(&codes::BAD_NAME, &at, message);
                    continue;
                }
                if keys.insert(key.clone()) {
                    self.resources.push(Resource { key, node, file });
                } else {
                    report.error(
                        &codes::TWICE_IN_SET,
                        &at,
                        format!("the {key} is given twice"),
                    );
                }
            }
        }
        for (key, node) in documents.iter().flat_map(deliveries) {
            self.add_delivery(key, node, file, keys);
        }
        self.files.push(report.file.clone());
        self.diagnostics.push(report.finish());
    }

    /// Versions of a workflow that have the same callback share what delivers for it: the last one says how.
    fn add_delivery(
        &mut self,
        key: ResourceKey,
        node: Node,
        file: usize,
        keys: &mut BTreeSet<ResourceKey>,
    ) {
        if !keys.insert(key.clone()) {
            self.resources.retain(|resource| resource.key != key);
        }
        self.resources.push(Resource { key, node, file });
    }
}

/// What delivers for callbacks is made by them alone.
fn is_reserved(key: &ResourceKey) -> bool {
    let kinds = [ResourceKind::Adapter, ResourceKind::Workflow];
    kinds.contains(&key.kind) && key.name.starts_with(DELIVERY_PREFIX)
}

/// What delivers for the callbacks of a document.
fn deliveries(document: &Node) -> Vec<(ResourceKey, Node)> {
    let items = |node: Option<&Node>| node.map(Node::items).unwrap_or_default().to_vec();
    let mut found = Vec::new();
    for callback in items(document.get("callbacks")) {
        found.extend(delivering(&callback, None));
    }
    let listed = items(document.get("workflows"));
    for workflow in document.get("workflow").into_iter().chain(&listed) {
        for callback in items(workflow.get("callbacks")) {
            found.extend(delivering(&callback, workflow.text_at("name")));
        }
    }
    found
}

/// The documents of a file, with a report of what cannot be read.
fn read_file(name: &str, bytes: &[u8]) -> (Report, Vec<Node>) {
    if bytes.len() > MAX_FILE_BYTES {
        let mut report = Report::new(SourceFile::new(name, ""));
        let message = format!(
            "the file has {} bytes, more than {MAX_FILE_BYTES}",
            bytes.len()
        );
        report.error(&codes::TOO_LARGE, &At::default(), message);
        return (report, Vec::new());
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return (not_utf8(name, bytes, error.valid_up_to()), Vec::new()),
    };
    let file = SourceFile::new(name, text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut report = Report::new(file.clone());
    let documents = parse(&mut report);
    match as_json(text, &report) {
        Some(document) => (Report::new(file), vec![document]),
        None => (report, documents),
    }
}

/// JSON that YAML cannot read (some escapes, tabs) is read as JSON, without places.
fn as_json(text: &str, report: &Report) -> Option<Node> {
    let failed = report
        .diagnostics
        .iter()
        .any(|found| found.code == codes::SYNTAX.id);
    if !failed || !text.trim_start().starts_with('{') {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    Some(Node::from_json(&value))
}

fn not_utf8(name: &str, bytes: &[u8], valid_up_to: usize) -> Report {
    let before = String::from_utf8_lossy(&bytes[..valid_up_to]);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |last| last.chars().count())
        + 1;
    let mut at = At::default();
    at.span.line = u32::try_from(line).unwrap_or(u32::MAX);
    at.span.column = u32::try_from(column).unwrap_or(u32::MAX);
    let mut report = Report::new(SourceFile {
        name: name.into(),
        text: Arc::from(before),
    });
    let found = report.error(
        &codes::NOT_UTF8,
        &at,
        "expected UTF-8 text, but this byte does not fit",
    );
    found.hint("save the file as UTF-8");
    report
}

fn check_document(report: &mut Report, document: &Node) {
    match document.kind() {
        "a mapping" => check_object(report, &DOCUMENT, document),
        // An empty document between two `---` says nothing.
        "nothing" | "an unreadable value" => {}
        kind => {
            let message =
                format!("expected resources such as `workflow` or `adapters`, but found {kind}");
            report.error(&codes::NO_RESOURCE, &At::node(document), message);
        }
    }
}

/// The resources of a document that have a name, each with the place that names it.
fn resources_of(document: &Node) -> Vec<(ResourceKey, Node, At)> {
    let mut found = Vec::new();
    let listed = document
        .get("workflows")
        .map(Node::items)
        .unwrap_or_default();
    for node in document.get("workflow").into_iter().chain(listed) {
        found.push((workflow_key(node), node.clone(), named_at(node)));
    }
    for node in document
        .get("adapters")
        .map(Node::items)
        .unwrap_or_default()
    {
        let key = node
            .text_at("name")
            .map(|name| ResourceKey::new(ResourceKind::Adapter, name));
        found.extend(key.map(|key| (key, node.clone(), named_at(node))));
    }
    let policies = document.get("policies");
    let retry = policies.and_then(|policies| policies.get("retry"));
    found.extend(entries(retry, ResourceKind::RetryPolicy));
    for (key, kind) in [
        ("risk", ResourceKind::RiskPolicy),
        ("man-mode", ResourceKind::ManPolicy),
    ] {
        let rules = policies.and_then(|policies| policies.get(key));
        for node in rules.map(Node::items).unwrap_or_default() {
            let key = ResourceKey::new(kind, policy_name(node));
            found.push((key, node.clone(), named_at(node)));
        }
    }
    let retention = policies.and_then(|policies| policies.get("retention"));
    for rule in retention.map(Node::items).unwrap_or_default() {
        let key = ResourceKey::new(ResourceKind::RetentionRule, name_of_rule(rule));
        found.push((key, rule.clone(), At::node(rule)));
    }
    let rules = policies.and_then(|policies| policies.get("rules"));
    for rule in rules.map(Node::items).unwrap_or_default() {
        let key = ResourceKey::new(ResourceKind::PolicyRule, name_of_policy_rule(rule));
        found.push((key, rule.clone(), named_at(rule)));
    }
    if let Some(defaults) = policies.and_then(|policies| policies.get("defaults")) {
        let key = ResourceKey::new(ResourceKind::PolicyDefaults, "defaults");
        found.push((key, defaults.clone(), At::node(defaults)));
    }
    let routers = document.get("routers").map(Node::items).unwrap_or_default();
    for node in document.get("router").into_iter().chain(routers) {
        let key = ResourceKey::new(ResourceKind::Router, router_name(node));
        found.push((key, node.clone(), named_at(node)));
    }
    for node in document.get("events").map(Node::items).unwrap_or_default() {
        let key = node
            .text_at("type")
            .map(|name| ResourceKey::new(ResourceKind::Event, name));
        let at = node.get("type").map(At::node).unwrap_or_default();
        found.extend(key.map(|key| (key, node.clone(), at)));
    }
    found.extend(callbacks_of(document));
    found.extend(entries(
        document.get("environments"),
        ResourceKind::Environment,
    ));
    found
}

fn callbacks_of(document: &Node) -> impl Iterator<Item = (ResourceKey, Node, At)> {
    let given = document.get("callbacks").map(Node::items);
    given.unwrap_or_default().iter().filter_map(|node| {
        let name = callback_name(node, None)?;
        let at = node.get("name").or_else(|| node.get("event"));
        let at = at.map(At::node).unwrap_or_default();
        let key = ResourceKey::new(ResourceKind::Callback, name);
        Some((key, node.clone(), at))
    })
}

/// A list's items, or the node itself.
fn one_or_all(node: &Node) -> &[Node] {
    match node.items() {
        [] => std::slice::from_ref(node),
        items => items,
    }
}

fn entries(
    map: Option<&Node>,
    kind: ResourceKind,
) -> impl Iterator<Item = (ResourceKey, Node, At)> {
    let entries = map.map(Node::entries).unwrap_or_default().iter();
    entries.map(move |entry| {
        (
            ResourceKey::new(kind, entry.key.clone()),
            entry.value.clone(),
            At::key(entry),
        )
    })
}

fn workflow_key(node: &Node) -> ResourceKey {
    let version = node.text_at("version");
    // A workflow without a readable name or version was reported; it still takes part in finding what else is wrong.
    let name = node.text_at("name").map(str::to_owned);
    ResourceKey {
        kind: ResourceKind::Workflow,
        name: name.unwrap_or_else(|| format!("unnamed-{}", At::node(node).span.line)),
        version: version.and_then(|version| semver::Version::parse(version).ok()),
    }
}

fn named_at(node: &Node) -> At {
    node.get("name").map_or_else(|| At::node(node), At::node)
}
