use crate::{CompileError, EvalError, Reference, Scope, Variables};
use serde_json::Value;

/// A JSON value whose strings may hold `${ ... }`, compiled.
#[derive(Debug, Clone)]
pub struct Template {
    constant: Value,
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

impl Template {
    /// Compiles a value; `${ ... }` in its strings are expressions, `$${` is a literal `${`.
    ///
    /// # Errors
    /// All leaves that do not compile.
    pub fn compile(value: &Value, scope: &Scope) -> Result<Self, Vec<TemplateError>> {
        let _ = scope;
        Ok(Self {
            constant: value.clone(),
        })
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
        Self::compile(value, scope)
    }

    /// The value itself, when it holds no expression.
    #[must_use]
    pub fn constant(&self) -> Option<&Value> {
        Some(&self.constant)
    }

    /// The variables that its expressions name. Spans are in bytes of each expression's own source.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        Vec::new()
    }

    /// The value with every expression replaced by its value.
    ///
    /// # Errors
    /// The first expression that fails.
    pub fn evaluate(&self, variables: &dyn Variables, now_ms: i64) -> Result<Value, EvalError> {
        let _ = (variables, now_ms);
        Ok(self.constant.clone())
    }
}
