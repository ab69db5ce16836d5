//! The input of an instance against the schema of its definition.

use jsonschema::Validator;
use serde_json::Value;

/// No input yields more findings.
const MAX_FINDINGS: usize = 50;

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// JSON pointer into the input; empty for the input as a whole.
    pub pointer: String,
    /// What is wrong, without repeating the value (it may be sensitive).
    pub message: String,
}

/// A compiled schema, or none.
#[derive(Debug, Default)]
pub(crate) struct InputCheck(Option<Validator>);

impl InputCheck {
    /// Compiles a schema. References to other documents are refused, never fetched.
    pub(crate) fn compile(schema: &Value) -> Result<Self, String> {
        let options = jsonschema::options().offline();
        let validator = options.build(schema).map_err(|error| {
            format!(
                "this is not a valid JSON Schema: {error} (at `{}`)",
                error.instance_path()
            )
        })?;
        Ok(Self(Some(validator)))
    }

    pub(crate) fn check(&self, input: &Value) -> Vec<InputError> {
        let Some(validator) = &self.0 else {
            return Vec::new();
        };
        let found = validator.iter_errors(input).take(MAX_FINDINGS);
        let finding = |error: jsonschema::ValidationError<'_>| InputError {
            pointer: error.instance_path().to_string(),
            message: error.masked_with("the value").to_string(),
        };
        found.map(finding).collect()
    }
}
