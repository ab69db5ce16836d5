//! The expression layer of the workflow language: CEL with a few documented additions.
//!
//! An expression is compiled once, against the [`Scope`] of the place where it stands, into a [`Program`];
//! a value that holds `${ ... }` is compiled into a [`Template`]. Both are evaluated any number of times,
//! each time asking a [`Variables`] for exactly what they name. Nothing here reads a clock, a file or the
//! network: the same program, variables and `now` always give the same result.
//!
//! The evaluator is our own, because the dialect reaches into every layer: names with hyphens belong to the
//! grammar, int and double mix, a missing field is told from any other error, JSON is read in place,
//! every error has its place in the source, and every evaluation has a bounded cost. What we promise of CEL is
//! judged by the specification's own tests in `tests/cel`.

#[cfg(test)]
mod conformance;
mod document;
pub mod duration;
mod error;
pub mod eval;
mod evaluate;
mod functions;
mod guard;
mod program;
mod scope;
mod syntax;
mod template;
mod time;
mod value;
mod variables;

pub mod size;

pub use document::Document;
pub use error::{CompileError, EvalError, EvalErrorKind};
pub use guard::{Constant, Guard};
pub use program::{MAX_COST, MAX_DEPTH, MAX_LENGTH, Program, Reference};
pub use scope::{STEP_FIELDS, Scope};
pub use template::{Template, TemplateError};
pub use variables::{NoVariables, Variables};
