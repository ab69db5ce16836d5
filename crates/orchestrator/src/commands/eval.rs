//! `eval`: an expression against sample data.

use api::Exit;
use expression::eval::{Error, run as evaluate};

use crate::failure::Failure;
use crate::files::json_argument;
use crate::output::print;
use crate::terminal;

/// Evaluates and prints JSON.
pub fn run(expression: &str, input: Option<&str>) -> Result<Exit, Failure> {
    let input = input
        .map(json_argument)
        .transpose()?
        .unwrap_or_else(|| "{}".to_owned());
    let input = serde_json::from_str(&input).map_err(|error| Failure::usage(error.to_string()))?;
    match evaluate(expression, &input) {
        Ok(value) => {
            print(&value.to_string())?;
            Ok(Exit::Well)
        }
        Err(Error::Input) => Err(Failure::usage(Error::Input.to_string())),
        Err(Error::Syntax(error)) => {
            say(
                expression,
                &error.message,
                Some(error.span.start),
                error.hint.as_deref(),
            );
            Err(Failure::silent(Exit::Usage))
        }
        Err(Error::Evaluation(error)) => {
            say(
                expression,
                &error.message,
                error.span.map(|span| span.start),
                None,
            );
            Err(Failure::silent(Exit::Failed))
        }
    }
}

/// Shows the expression with a caret under the place.
fn say(expression: &str, message: &str, at: Option<usize>, hint: Option<&str>) {
    eprintln!("{}: {message}", terminal::red("error"));
    if let Some(before) = at
        .and_then(|at| expression.get(..at))
        .filter(|b| !b.contains('\n'))
    {
        let line = expression.lines().next().unwrap_or_default();
        eprintln!("  {line}\n  {}^", " ".repeat(before.chars().count()));
    }
    if let Some(hint) = hint {
        eprintln!("{}: {hint}", terminal::dim("hint"));
    }
}
