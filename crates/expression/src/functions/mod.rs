//! The functions of the language, in one table per subject. A method's operand is its first argument.

mod aggregate;
mod convert;
mod encoders;
mod format;
mod lists;
mod math;
mod optional;
mod strings;
mod times;

use crate::evaluate::{Budget, Evaluated};
use crate::value::Value;
use regex::Regex;

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `name(a, b)`
    Global,
    /// `a.name(b)`
    Method,
}

/// A function: its name, how it is called, how many arguments it takes (with the operand), what it does.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) style: Style,
    pub(crate) least: usize,
    pub(crate) most: usize,
    pub(crate) run: for<'v, 'a> fn(&mut Budget, &'v [Value<'a>]) -> Evaluated<'a>,
}

type Run = for<'v, 'a> fn(&mut Budget, &'v [Value<'a>]) -> Evaluated<'a>;

const fn global(name: &'static str, least: usize, most: usize, run: Run) -> Function {
    Function {
        name,
        style: Style::Global,
        least,
        most,
        run,
    }
}

/// `least` and `most` count the operand.
const fn method(name: &'static str, least: usize, most: usize, run: Run) -> Function {
    Function {
        name,
        style: Style::Method,
        least,
        most,
        run,
    }
}

const TABLES: [&[Function]; 9] = [
    aggregate::FUNCTIONS,
    convert::FUNCTIONS,
    encoders::FUNCTIONS,
    format::FUNCTIONS,
    lists::FUNCTIONS,
    math::FUNCTIONS,
    optional::FUNCTIONS,
    strings::FUNCTIONS,
    times::FUNCTIONS,
];

/// The function of this name that is called this way.
pub(crate) fn find(name: &str, style: Style) -> Option<&'static Function> {
    let mut all = TABLES.into_iter().flatten();
    all.find(|function| function.style == style && function.name == name)
}

/// The names of all functions that are called this way.
pub(crate) fn names(style: Style) -> impl Iterator<Item = &'static str> {
    let all = TABLES.into_iter().flatten();
    all.filter(move |function| function.style == style)
        .map(|function| function.name)
}

/// A regular expression of bounded size.
pub(crate) fn pattern(text: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(text)
        .size_limit(1 << 18)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "this regular expression is too large".to_owned(),
            _ => format!("`{}` is not a regular expression", crate::time::short(text)),
        })
}
