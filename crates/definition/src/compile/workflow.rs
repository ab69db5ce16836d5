//! A whole definition.

use std::sync::Arc;

use serde_json::Value;

use super::context::{Lowering, Use};
use super::known::Known;
use super::needs::Needs;
use super::outline::Outline;
use super::resolved::{canonical_json, resolved};
use super::visibility::Moment;
use super::warnings;
use crate::check::check_object;
use crate::diagnostic::{At, Diagnostic, Report, codes};
use crate::language::WORKFLOW;
use crate::source::{Node, SourceFile, parse};
use crate::workflow::{List, ListIx, OnFailure, Step, Workflow};

/// Reads one workflow from the text of a document with the key `workflow`, without anything known beside it: a bare
/// compensation is an action of the step's own adapter.
///
/// # Errors
/// Everything that makes the document invalid or is not available yet.
pub fn parse_workflow(text: &str) -> Result<Workflow, Vec<Diagnostic>> {
    let mut report = Report::new(SourceFile::new("workflow.yaml", text));
    let documents = parse(&mut report);
    let workflow = documents
        .iter()
        .find_map(|document| document.get("workflow"));
    if workflow.is_none() && !report.has_errors() {
        report.error(
            &codes::NO_RESOURCE,
            &At::default(),
            "expected a document with the key `workflow`",
        );
    }
    let workflow = workflow.and_then(|workflow| {
        check_object(&mut report, &WORKFLOW, workflow);
        lower(&mut report, &Known::default(), workflow).workflow
    });
    finish(report, workflow)
}

/// Compiles the stored form of a workflow, as [`Workflow::document`] has it.
///
/// # Errors
/// Everything that makes the document invalid or is not available yet.
pub fn compile_workflow(document: &Value) -> Result<Workflow, Vec<Diagnostic>> {
    let mut report = Report::new(SourceFile::new("workflow", ""));
    let node = Node::from_json(document);
    check_object(&mut report, &WORKFLOW, &node);
    let lowered = lower(&mut report, &Known::stored(document), &node);
    finish(report, lowered.workflow)
}

fn finish(report: Report, workflow: Option<Workflow>) -> Result<Workflow, Vec<Diagnostic>> {
    let diagnostics = report.finish();
    match workflow {
        Some(workflow) if !diagnostics.iter().any(Diagnostic::refuses_apply) => Ok(workflow),
        _ => Err(diagnostics),
    }
}

/// A definition, and the names that have to be looked up among the other resources.
pub(crate) struct Lowered {
    /// None when something was reported as an error.
    pub(crate) workflow: Option<Workflow>,
    pub(crate) uses: Vec<Use>,
}

/// Lowers a workflow whose shape was checked; everything else that is wrong is reported.
pub(crate) fn lower(report: &mut Report, known: &Known<'_>, workflow: &Node) -> Lowered {
    let outline = Outline::read(report, workflow);
    let needs = Needs::read(report, &outline);
    let mut lowering = Lowering::new(report, known, (&outline, &needs), workflow);
    let lowered = lowering.workflow(workflow);
    // Warnings stand at the name; without one there is an error to mend first.
    if workflow.get("name").is_some() {
        warnings::check(&mut lowering, workflow);
    }
    let uses = std::mem::take(&mut lowering.collected.uses);
    Lowered {
        workflow: lowered.filter(|_| !report.has_errors()),
        uses,
    }
}

impl Lowering<'_> {
    fn workflow(&mut self, node: &Node) -> Option<Workflow> {
        let header = self.header();
        let end = self.place(ListIx::ROOT, Moment::End, &[]);
        let steps = self.steps();
        if node
            .get("steps")
            .is_some_and(|steps| steps.items().is_empty() && steps.kind() == "a list")
        {
            let at = node.entry("steps").map(At::key).unwrap_or_default();
            self.report
                .error(&codes::BAD_VALUE, &at, "expected at least one step");
        }
        let schema = node.get("input").and_then(|input| input.get("schema"));
        let (input_schema, input_check) = self.schema(schema);
        let defaults = node.get("defaults");
        let default_timeout = defaults.and_then(|defaults| defaults.text_at("timeout"));
        let workflow = Workflow {
            name: node.text_at("name").unwrap_or_default().to_owned(),
            version: semver::Version::parse(node.text_at("version").unwrap_or_default())
                .unwrap_or(semver::Version::new(0, 0, 0)),
            hash: [0; 32],
            document: Arc::new(Value::Null),
            input_schema,
            input_check,
            sensitive: self.sensitive(node),
            timeout: self.duration_at(node, "timeout", &header),
            deadlines: self.deadlines(node),
            priority: self.priority(node, &header),
            concurrency: self.concurrency(node),
            fairness: self.fairness(node),
            subject: self.template_at(node, "subject", &header),
            attributes: self.attributes(node),
            on_failure: on_failure(node, &steps),
            default_retry: defaults.and_then(|defaults| self.retry(defaults)),
            default_timeout_ms: default_timeout
                .and_then(|text| expression::duration::parse(text).ok()),
            output: self.template_at(node, "output", &end),
            triggers: self.triggers(node),
            callbacks: self.callbacks(node),
            lists: self.lists(),
            finally: self.outline.finally,
            steps,
        };
        Some(self.with_document(workflow, node))
    }

    fn with_document(&self, workflow: Workflow, node: &Node) -> Workflow {
        let document = resolved(node, &self.collected);
        let hash = *blake3::hash(canonical_json(&document).as_bytes()).as_bytes();
        Workflow {
            document: Arc::new(document),
            hash,
            ..workflow
        }
    }

    fn lists(&self) -> Vec<List> {
        let lists = self.outline.lists.iter().zip(0..);
        lists
            .map(|(list, ix)| List {
                ix: ListIx(ix),
                owner: list.owner,
                steps: list.steps.clone(),
            })
            .collect()
    }
}

fn on_failure(node: &Node, steps: &[Step]) -> OnFailure {
    match node.text_at("on-failure") {
        Some("compensate") => OnFailure::Compensate,
        Some("man") => OnFailure::Man,
        None if steps.iter().any(|step| step.compensation.is_some()) => OnFailure::Compensate,
        _ => OnFailure::Stop,
    }
}
