//! The `eval` command's entry: an expression, and a JSON object of its variables.

use crate::{CompileError, EvalError, Program, Scope, Variables};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Why [`run`] has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not an expression.
    #[error(transparent)]
    Syntax(#[from] CompileError),
    /// The expression has no value for this input.
    #[error(transparent)]
    Evaluation(#[from] EvalError),
    /// The input is not a JSON object.
    #[error("expected the input to be a JSON object of variables")]
    Input,
}

/// Evaluates an expression with the keys of `input` as variables; a key with dots (`a.b`) or hyphens binds that whole
/// name. A name that is not bound fails only where it is evaluated.
///
/// # Errors
/// See [`Error`].
pub fn run(expression: &str, input: &Value) -> Result<Value, Error> {
    let input = input.as_object().ok_or(Error::Input)?;
    let program = compile(expression, input)?;
    Ok(program.evaluate(&Bindings(input), 0)?)
}

pub(crate) fn compile(
    expression: &str,
    input: &Map<String, Value>,
) -> Result<Program, CompileError> {
    let scope = Scope::new()
        .variables(input.keys().map(String::as_str))
        .lenient();
    Program::compile(expression, &scope)
}

/// The variables of a JSON object.
pub(crate) struct Bindings<'i>(pub(crate) &'i Map<String, Value>);

impl Variables for Bindings<'_> {
    fn get(&self, root: &str, _: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        self.0.get(root).cloned().map(Arc::new)
    }
}
