//! From text to a resolved syntax tree: every name is bound when this is done.

mod ast;
mod lexer;
mod literal;
mod macros;
mod names;
mod nearest;
mod parser;

pub(crate) use ast::{
    Arithmetic, Comparison, Comprehension, Expr, Kind, Literal, Loop, MapEntry, Slot,
};
pub(crate) use lexer::closing_brace;
pub(crate) use parser::parse;
