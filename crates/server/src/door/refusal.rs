//! A request that is not done: a problem, and the headers that go with it.

use api::{Code, Finding, Problem};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request is not done. The gate turns it into the answer's body, with the correlation id.
#[derive(Clone, Debug)]
pub struct Refusal(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    problem: Problem,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// A refusal of this code.
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Self {
        Self::of(Problem::new(code, detail))
    }

    /// The refusal that this problem is.
    pub fn of(problem: Problem) -> Self {
        Self(Box::new(Inner {
            problem,
            headers: Vec::new(),
        }))
    }

    /// The same with one more place.
    #[must_use]
    pub fn with(mut self, finding: Finding) -> Self {
        self.0.problem.errors.push(finding);
        self
    }

    /// The same with these places.
    #[must_use]
    pub fn with_all(mut self, findings: Vec<Finding>) -> Self {
        self.0.problem.errors = findings;
        self
    }

    /// The same with the answer that stands.
    #[must_use]
    pub fn standing(mut self, answer: api::Json) -> Self {
        self.0.problem.standing = Some(answer);
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// The same with the time after which it may be tried again, rounded up to seconds.
    #[must_use]
    pub fn retry_after(mut self, retry_after_ms: u64) -> Self {
        let seconds = HeaderValue::from(retry_after_ms.div_ceil(1_000).max(1));
        self.0.headers.push((header::RETRY_AFTER, seconds));
        self
    }

    /// The problem.
    #[cfg(test)]
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The problem, taken out.
    pub fn into_problem(self) -> Problem {
        self.0.problem
    }
}

impl IntoResponse for Refusal {
    /// An empty answer that carries the problem; the gate writes its body.
    fn into_response(self) -> Response {
        let Inner { problem, headers } = *self.0;
        let status = StatusCode::from_u16(problem.status);
        let mut response = status
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response();
        response.headers_mut().extend(headers);
        response.extensions_mut().insert(problem);
        response
    }
}
