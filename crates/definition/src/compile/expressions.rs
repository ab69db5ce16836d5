//! Expressions of a document: compiled against the scope of their place, with diagnostics placed in the YAML.

use std::ops::Range;
use std::rc::Rc;

use expression::{CompileError, Program, Reference, Scope, Template};
use serde_json::Value;

use super::context::{Lowering, UseKind};
use super::visibility::{self, Hidden, Moment};
use crate::diagnostic::{At, Report, codes};
use crate::source::{Node, NodeValue, quoted};
use crate::workflow::{Duration, ListIx, StepIx};

/// Where an expression stands.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) scope: Rc<Scope>,
    pub(super) moment: Moment,
    /// Whether a secret may be a value of its own.
    pub(super) secrets: bool,
}

impl Place {
    /// A place that sees no steps.
    pub(super) fn beside_steps(scope: Rc<Scope>) -> Self {
        Self {
            scope,
            moment: Moment::Header,
            secrets: false,
        }
    }
}

impl Lowering<'_> {
    /// The place of expressions that are evaluated as a step starts.
    pub(super) fn at_start(&mut self, step: StepIx) -> Place {
        self.place(self.outline.step(step).list, Moment::Start(step), &[])
    }

    pub(super) fn place(&mut self, list: ListIx, moment: Moment, more: &[&str]) -> Place {
        Place {
            scope: self.scopes.in_list(list, more),
            moment,
            secrets: false,
        }
    }

    pub(super) fn header(&self) -> Place {
        Place::beside_steps(self.scopes.header.clone())
    }

    /// The place of what says something of an event.
    pub(super) fn of_event(&self) -> Place {
        Place::beside_steps(self.scopes.event.clone())
    }

    /// The place of what decides where an event goes.
    pub(super) fn routing(&self) -> Place {
        Place::beside_steps(self.scopes.routing.clone())
    }

    /// The place of what is made of the events of a window.
    pub(super) fn of_window(&self) -> Place {
        Place::beside_steps(self.scopes.window.clone())
    }

    /// Compiles a bare expression.
    pub(super) fn condition(&mut self, node: &Node, place: &Place) -> Option<Program> {
        let text = match &node.value {
            NodeValue::Text(text) if !text.trim().is_empty() => text.clone(),
            NodeValue::Bool(value) => value.to_string(),
            _ => return None,
        };
        match Program::compile(&text, &place.scope) {
            Ok(program) => self
                .check_references(node, program.references(), place)
                .then_some(program),
            Err(mut error) => {
                if text.contains("${") {
                    let hint = "a condition is an expression by itself: write it without `${ }`";
                    error.hint = Some(hint.to_owned());
                }
                refuse_expression(self.report, node, &error);
                None
            }
        }
    }

    pub(super) fn condition_at(
        &mut self,
        node: &Node,
        key: &str,
        place: &Place,
    ) -> Option<Program> {
        self.condition(node.get(key)?, place)
    }

    /// Compiles a value whose texts may hold `${ ... }`.
    pub(super) fn template(&mut self, node: &Node, place: &Place) -> Option<Template> {
        if !self.leaves(node, place) {
            return None;
        }
        let value = node.to_json();
        compile(&value, place).ok()
    }

    pub(super) fn template_at(
        &mut self,
        node: &Node,
        key: &str,
        place: &Place,
    ) -> Option<Template> {
        self.template(node.get(key)?, place)
    }

    /// A duration in text or computed.
    pub(super) fn duration(&mut self, node: &Node, place: &Place) -> Option<Duration> {
        let text = node.text()?;
        if text.contains("${") {
            return self.template(node, place).map(Duration::Computed);
        }
        expression::duration::parse(text).ok().map(Duration::Fixed)
    }

    pub(super) fn duration_at(
        &mut self,
        node: &Node,
        key: &str,
        place: &Place,
    ) -> Option<Duration> {
        self.duration(node.get(key)?, place)
    }

    /// Checks each text by itself, so that every finding has its place; whether all are well.
    fn leaves(&mut self, node: &Node, place: &Place) -> bool {
        match &node.value {
            NodeValue::Text(text) if text.contains("${") => self.leaf(node, text, place),
            NodeValue::Broken => false,
            _ => {
                let items = node.items().iter();
                let children = items.chain(node.entries().iter().map(|entry| &entry.value));
                // All of them, so that all findings are reported at once.
                children.filter(|child| !self.leaves(child, place)).count() == 0
            }
        }
    }

    fn leaf(&mut self, node: &Node, text: &str, place: &Place) -> bool {
        let value = Value::String(text.to_owned());
        match compile(&value, place) {
            Ok(template) => self.check_references(node, &template.references(), place),
            Err(errors) if place.secrets && Template::compile(&value, &place.scope).is_ok() => {
                let message = errors
                    .into_iter()
                    .next()
                    .map(|error| error.error.message)
                    .unwrap_or_default();
                let found = self.report.error(&codes::SECRET, &At::node(node), message);
                found.hint("let the adapter's settings build the text from it");
                false
            }
            Err(errors) => {
                for error in errors {
                    refuse_expression(self.report, node, &error.error);
                }
                false
            }
        }
    }

    /// Checks what an expression names beyond its being declared.
    fn check_references(&mut self, node: &Node, references: &[Reference], place: &Place) -> bool {
        let mut well = true;
        for reference in references {
            let member = reference.member.as_deref().unwrap_or_default();
            well &= match reference.root.as_str() {
                "steps" => self.check_step(node, reference, member, place),
                "secrets" => place.secrets || self.refuse_secret(node),
                "flags" => {
                    self.report
                        .not_yet(&At::node(node), "`flags` in an expression");
                    true
                }
                "adapters" => {
                    self.note(node, UseKind::AdapterAlone(member.to_owned()));
                    true
                }
                "env" => {
                    self.collected.env.insert(member.to_owned());
                    if !self.known.env.contains(member) && member != "name" {
                        self.note(node, UseKind::Setting(member.to_owned()));
                    }
                    true
                }
                _ => true,
            };
        }
        well
    }

    fn check_step(
        &mut self,
        node: &Node,
        reference: &Reference,
        member: &str,
        place: &Place,
    ) -> bool {
        self.collected.named_steps.insert(member.to_owned());
        let Some(target) = self.outline.ids.get(member).copied() else {
            return true;
        };
        let Err(hidden) = visibility::check(self.outline, self.needs, place.moment, target) else {
            return true;
        };
        let (reason, hint) = match hidden {
            Hidden::NotEnded => (
                "has not ended when this is evaluated",
                "name an earlier step, or add it to `needs`",
            ),
            Hidden::InLoop => (
                "stands in a loop that this is not in",
                "use the output of the loop",
            ),
        };
        let at = locate(self.report, node, reference.span.0..reference.span.1);
        let found = self.report.error(
            &codes::NOT_VISIBLE,
            &at,
            format!("step `{member}` {reason}"),
        );
        found.hint(hint);
        false
    }

    fn refuse_secret(&mut self, node: &Node) -> bool {
        let message = "a secret would be recorded here";
        let found = self.report.error(&codes::SECRET, &At::node(node), message);
        found.hint("secrets stand in settings of adapters, or as a whole value in the `input` of an adapter step");
        false
    }
}

fn compile(value: &Value, place: &Place) -> Result<Template, Vec<expression::TemplateError>> {
    if place.secrets {
        return Template::compile_with_secret_leaves(value, &place.scope);
    }
    Template::compile(value, &place.scope)
}

/// Checks the texts of an adapter's document, as its type will compile them.
pub(crate) fn check_adapter_templates(report: &mut Report, node: &Node) {
    let scope = Scope::new()
        .variables(["call", "now"])
        .open_members("env")
        .open_members("secrets");
    let scope = scope.members("workflow", ["id", "correlation-id"]);
    check_texts(report, node, &scope);
}

fn check_texts(report: &mut Report, node: &Node, scope: &Scope) {
    if let Some(text) = node.text().filter(|text| text.contains("${")) {
        let errors = Template::compile(&Value::String(text.to_owned()), scope).err();
        for error in errors.unwrap_or_default() {
            refuse_expression(report, node, &error.error);
        }
    }
    let children = node
        .items()
        .iter()
        .chain(node.entries().iter().map(|entry| &entry.value));
    children.for_each(|child| check_texts(report, child, scope));
}

pub(super) fn refuse_expression(report: &mut Report, node: &Node, error: &CompileError) {
    let at = locate(report, node, error.span.clone());
    let line = report.file.line(at.span.line).to_owned();
    let hint = comment_hint(&line).or_else(|| error.hint.clone());
    report
        .error(&codes::EXPRESSION, &at, error.message.clone())
        .hint = hint;
}

/// YAML takes what follows ` #` as a comment: the expression may have lost its end there.
fn comment_hint(line: &str) -> Option<String> {
    let (before, _) = line.split_once(" #")?;
    let (key, _) = before.split_once(": ")?;
    let value = line.split_once(": ").map(|(_, value)| value.trim())?;
    if value.starts_with(['"', '\'']) {
        return None;
    }
    Some(format!(
        "YAML reads ` #` as the start of a comment; quote it: {}: {}",
        key.trim_start_matches([' ', '-']),
        quoted(value)
    ))
}

/// The place of a part of a node's text: exact where the text stands in the file as it is, else the node's.
fn locate(report: &Report, node: &Node, part: Range<usize>) -> At {
    let mut at = At::node(node);
    let raw = report
        .file
        .text
        .get(node.span.start..node.span.end)
        .unwrap_or_default();
    let text = node.text().unwrap_or_default();
    let Some(found) = offset_in_source(raw, text, part.start).filter(|_| at.span.line > 0) else {
        return at;
    };
    let before = &raw[..found];
    let line_start = before.rfind('\n').map(|newline| newline + 1);
    let columns = before[line_start.unwrap_or(0)..].chars().count();
    let column = if line_start.is_some() {
        1
    } else {
        at.span.column as usize
    } + columns;
    at.span.line += u32::try_from(before.matches('\n').count()).unwrap_or_default();
    at.span.column = u32::try_from(column).unwrap_or_default();
    at.span.start += found;
    at.span.end = at.span.end.min(at.span.start + part.len());
    at
}

/// Where a byte of a text stands in its source: the text itself, quoted, or as an indented block of the same lines.
fn offset_in_source(raw: &str, text: &str, offset: usize) -> Option<usize> {
    let before = text.get(..offset)?;
    let Some(newline) = before.rfind('\n') else {
        let quote = usize::from(raw.starts_with(['"', '\'']));
        return raw
            .get(quote..)?
            .starts_with(before)
            .then_some(quote + offset);
    };
    let line = text[newline + 1..].lines().next()?;
    let above: usize = raw
        .split_inclusive('\n')
        .take(before.matches('\n').count())
        .map(str::len)
        .sum();
    let source = raw[above..].lines().next()?;
    let indent = source.len() - source.trim_start().len();
    (source[indent..] == *line).then_some(above + indent + offset - newline - 1)
}
