use crate::Document;
use serde_json::Value;
use std::sync::Arc;

/// Where a program's variables come from.
///
/// A program asks only for what it names, at most once per evaluation for each name, and only when the
/// evaluation reaches it; the value is read in place, never copied as a whole.
pub trait Variables {
    /// The value of a variable, or `None` when there is none (which is the error "missing field").
    ///
    /// `member` is given for roots that the scope declares by member (`env.region` asks for `env`, `region`),
    /// `field` as well for `steps` (`steps.pay.output.id` asks for `steps`, `pay`, `output`).
    fn get(&self, root: &str, member: Option<&str>, field: Option<&str>) -> Option<Arc<Value>>;

    /// The value of a variable that is at hand as a document; it is asked first, and the other where there is none.
    /// Documents are for what comes from outside, of which mostly little is read.
    fn document(&self, _root: &str) -> Option<Arc<Document>> {
        None
    }
}

/// No variables at all: for expressions that name none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoVariables;

impl Variables for NoVariables {
    fn get(&self, _: &str, _: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        None
    }
}
