//! Problems: every answer that is not what was asked for (RFC 9457).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::code::Code;
use crate::json::Json;

/// The media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not done, and how to mend it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The page that explains the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means, in a few words; the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// `ORC-0xxx`.
    #[schema(example = "ORC-0301")]
    pub code: String,
    /// The places that are at fault, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Finding>,
    /// The answer that stands, where the same was asked before (a decision that was already made).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Json>,
    /// The request's correlation id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub correlation_id: String,
}

impl Problem {
    /// A problem of this code.
    #[must_use]
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Self {
        Self {
            kind: code.page_url(),
            title: code.title.to_owned(),
            status: code.status.unwrap_or(500),
            detail: detail.into(),
            code: code.id.to_owned(),
            errors: Vec::new(),
            standing: None,
            correlation_id: String::new(),
        }
    }

    /// The same problem with one more place.
    #[must_use]
    pub fn with(mut self, finding: Finding) -> Self {
        self.errors.push(finding);
        self
    }

    /// The same problem with these places.
    #[must_use]
    pub fn with_all(mut self, findings: Vec<Finding>) -> Self {
        self.errors = findings;
        self
    }
}

/// One place that is at fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// JSON pointer into the request's body, or the name of a parameter or header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The file, where a set of files was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// In characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// `ORC-1xxx`, where the place is in a document of the language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `error`, `not-yet` or `warning`, where the place is in a document of the language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to write instead, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The text of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
}

impl Finding {
    /// A finding at a pointer (or parameter).
    #[must_use]
    pub fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            message: message.into(),
            ..Self::default()
        }
    }

    /// The same finding with what to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
