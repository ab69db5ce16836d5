//! The shape of a document against the tables of the language: unknown keys, wrong kinds, bad values.

mod expectation;
mod object;
mod value;

pub(crate) use object::check_object;
pub(crate) use value::{is_kebab_case, percent};
