//! The `eval` command's entry: an expression, and a JSON object of its variables.

use crate::{CompileError, EvalError, NoVariables, Program, Scope};
use serde_json::Value;

/// Why `run` has no value.
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

/// Evaluates an expression with the keys of `input` as variables; a key with dots (`a.b`) binds that qualified name.
/// A name that is not bound fails only where it is evaluated.
///
/// # Errors
/// See [`Error`].
pub fn run(expression: &str, input: &Value) -> Result<Value, Error> {
    let keys = input.as_object().ok_or(Error::Input)?.keys();
    let scope = Scope::new().variables(keys.map(String::as_str)).lenient();
    let program = Program::compile(expression, &scope)?;
    Ok(program.evaluate(&NoVariables, 0)?)
}
