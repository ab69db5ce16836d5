//! YAML or JSON text as a tree in which every key and value knows its place.

mod alias;
mod json;
mod node;
mod parse;
mod path;
mod scalar;
mod yaml_hint;

pub(crate) use node::{Entry, Node, NodeValue, Span};
pub(crate) use parse::parse;
pub use parse::{MAX_DEPTH, MAX_FILE_BYTES};
pub(crate) use path::Path;
pub(crate) use yaml_hint::quoted;

use std::sync::Arc;

/// The name and text of one file; the text is empty for what came as a JSON value.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl SourceFile {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The text of a line, counted from 1, without its line break.
    pub(crate) fn line(&self, number: u32) -> &str {
        let index = (number as usize).saturating_sub(1);
        self.text.lines().nth(index).unwrap_or("")
    }
}
