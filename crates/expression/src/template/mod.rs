//! JSON values whose strings may hold expressions.

mod compile;

use crate::value::double_text;
use crate::{CompileError, EvalError, Program, Reference, Scope, Variables};
use serde_json::{Map, Value};

/// A JSON value whose strings may hold `${ ... }`, compiled.
///
/// An expression alone in a string gives its value as it is; inside of text it is written: null as nothing, lists and
/// maps as JSON. `$${` stands for a literal `${`.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    root: Node,
}

/// A leaf of a template that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct TemplateError {
    /// The JSON pointer of the leaf within the value; empty for the value itself.
    pub pointer: String,
    /// What is wrong; its span is in bytes of the leaf's whole text.
    pub error: CompileError,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Constant(Value),
    Expression(Located),
    Text(Vec<Part>),
    Secret { name: String, place: Located },
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    Expression(Located),
}

/// A program and where it stands: the leaf, and the first byte of its source within the leaf's text.
#[derive(Debug, Clone, PartialEq)]
struct Located {
    program: Program,
    pointer: String,
    offset: usize,
}

impl Template {
    /// Compiles a value; `${ ... }` in its strings are expressions, `$${` is a literal `${`.
    ///
    /// # Errors
    /// All leaves that do not compile.
    pub fn compile(value: &Value, scope: &Scope) -> Result<Self, Vec<TemplateError>> {
        compile::compile(value, scope, false).map(|root| Self { root })
    }

    /// Like [`Template::compile`], but `${ secrets.<name> }` alone in a string becomes `{"$secret": name}`, and
    /// `secrets` anywhere else is refused. The scope has to declare `secrets`.
    ///
    /// # Errors
    /// All leaves that do not compile.
    pub fn compile_with_secret_leaves(
        value: &Value,
        scope: &Scope,
    ) -> Result<Self, Vec<TemplateError>> {
        compile::compile(value, scope, true).map(|root| Self { root })
    }

    /// The value itself, when it holds no expression (with `$${` replaced).
    #[must_use]
    pub fn constant(&self) -> Option<&Value> {
        match &self.root {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The variables that its expressions name. Spans are in bytes of the leaf's whole text.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        let located = self.located_references();
        located
            .into_iter()
            .map(|(_, reference)| reference)
            .collect()
    }

    /// [`Template::references`], each with the JSON pointer of its leaf.
    #[must_use]
    pub fn located_references(&self) -> Vec<(&str, Reference)> {
        let mut found = Vec::new();
        self.root.visit(&mut |place| {
            for reference in place.program.references() {
                let mut reference = reference.clone();
                reference.span.0 += place.offset;
                reference.span.1 += place.offset;
                found.push((place.pointer.as_str(), reference));
            }
        });
        found
    }

    /// The value with every expression replaced by its value.
    ///
    /// # Errors
    /// The first expression that fails; the message names it and its place, the span is in bytes of the leaf's text.
    pub fn evaluate(&self, variables: &dyn Variables, now_ms: i64) -> Result<Value, EvalError> {
        self.root.evaluate(variables, now_ms)
    }
}

impl Node {
    fn evaluate(&self, variables: &dyn Variables, now_ms: i64) -> Result<Value, EvalError> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Expression(place) => place.evaluate(variables, now_ms),
            Self::Secret { name, .. } => {
                let entry = ("$secret".to_owned(), Value::from(name.as_str()));
                Ok(Value::Object(Map::from_iter([entry])))
            }
            Self::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Literal(literal) => text.push_str(literal),
                        Part::Expression(place) => {
                            write(&place.evaluate(variables, now_ms)?, &mut text);
                        }
                    }
                }
                Ok(Value::String(text))
            }
            Self::List(items) => {
                let items = items.iter().map(|item| item.evaluate(variables, now_ms));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Object(entries) => {
                let entries = entries.iter().map(|(key, node)| {
                    let value = node.evaluate(variables, now_ms)?;
                    Ok((key.clone(), value))
                });
                entries.collect::<Result<_, _>>().map(Value::Object)
            }
        }
    }

    fn visit<'n>(&'n self, see: &mut impl FnMut(&'n Located)) {
        match self {
            Self::Constant(_) => {}
            Self::Expression(place) | Self::Secret { place, .. } => see(place),
            Self::Text(parts) => {
                for part in parts {
                    if let Part::Expression(place) = part {
                        see(place);
                    }
                }
            }
            Self::List(items) => items.iter().for_each(|item| item.visit(see)),
            Self::Object(entries) => entries.iter().for_each(|(_, node)| node.visit(see)),
        }
    }
}

impl Located {
    fn evaluate(&self, variables: &dyn Variables, now_ms: i64) -> Result<Value, EvalError> {
        let result = self.program.evaluate(variables, now_ms);
        result.map_err(|mut error| {
            let place = match self.pointer.as_str() {
                "" => String::new(),
                pointer => format!(" at {pointer}"),
            };
            let source = self.program.source().trim();
            error.message = format!("{} in `{source}`{place}", error.message);
            error.span = error
                .span
                .map(|span| span.start + self.offset..span.end + self.offset);
            error
        })
    }
}

/// Writes a value into text.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => {}
        Value::String(it) => text.push_str(it),
        Value::Number(number) if number.is_f64() => {
            text.push_str(&double_text(number.as_f64().unwrap_or_default()));
        }
        other => text.push_str(&other.to_string()),
    }
}
