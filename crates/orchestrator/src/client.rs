//! Requests to a server.

use api::{Code, Problem};
use reqwest::{Method, RequestBuilder, Response, header};
use url::Url;

use crate::args::Shared;
use crate::failure::Failure;

/// A server, and who asks.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

/// What a request says beside its path.
#[derive(Debug, Default)]
pub struct Ask {
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<(&'static str, String)>,
}

impl Ask {
    /// Adds a query parameter, if there is a value.
    pub fn with(mut self, name: &str, value: Option<impl ToString>) -> Self {
        self.query
            .extend(value.map(|value| (name.to_owned(), value.to_string())));
        self
    }

    /// Adds a header, if there is a value.
    pub fn header(mut self, name: &'static str, value: Option<String>) -> Self {
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// Sends this JSON.
    pub fn json(mut self, body: String) -> Self {
        self.body = Some(("application/json", body));
        self
    }
}

impl Client {
    /// A client of the server that the arguments name.
    pub fn new(shared: &Shared) -> Result<Self, Failure> {
        let wrong = |reason: String| {
            let message = format!("expected a server such as http://127.0.0.1:8080, but: {reason}");
            Failure::usage(message)
        };
        let base: Url = shared
            .server
            .parse()
            .map_err(|e| wrong(format!("{}: {e}", shared.server)))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(wrong(format!(
                "{} begins with neither http nor https",
                shared.server
            )));
        }
        let http = reqwest::Client::builder()
            .user_agent("orchestrator-cli")
            .no_proxy()
            .build();
        let http = http.map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            http,
            base,
            token: shared.token.clone(),
        })
    }

    /// Reads.
    pub async fn get(&self, path: &str, ask: Ask) -> Result<String, Failure> {
        self.text(Method::GET, path, ask).await
    }

    /// Creates or changes.
    pub async fn post(&self, path: &str, ask: Ask) -> Result<String, Failure> {
        self.text(Method::POST, path, ask).await
    }

    /// Sets.
    pub async fn put(&self, path: &str, ask: Ask) -> Result<String, Failure> {
        self.text(Method::PUT, path, ask).await
    }

    /// Changes a part.
    pub async fn patch(&self, path: &str, ask: Ask) -> Result<String, Failure> {
        self.text(Method::PATCH, path, ask).await
    }

    /// Removes.
    pub async fn delete(&self, path: &str, ask: Ask) -> Result<String, Failure> {
        self.text(Method::DELETE, path, ask).await
    }

    /// Begins a stream of events.
    pub async fn stream(&self, path: &str, ask: Ask) -> Result<Response, Failure> {
        let ask = ask.header("accept", Some("text/event-stream".to_owned()));
        self.send(Method::GET, path, ask).await
    }

    async fn text(&self, method: Method, path: &str, ask: Ask) -> Result<String, Failure> {
        let response = self.send(method, path, ask).await?;
        response
            .text()
            .await
            .map_err(|error| self.unreachable(&error))
    }

    async fn send(&self, method: Method, path: &str, ask: Ask) -> Result<Response, Failure> {
        let request = self.request(method, path, ask)?;
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = response
            .text()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let problem: Result<Problem, _> = serde_json::from_str(&body);
        Err(problem.map_or_else(
            |_| Failure::new(Code::UNREACHABLE, format!("{} answers {status}", self.base)),
            Failure::from_problem,
        ))
    }

    fn request(&self, method: Method, path: &str, ask: Ask) -> Result<RequestBuilder, Failure> {
        let url = self
            .base
            .join(path)
            .map_err(|error| Failure::usage(error.to_string()))?;
        let mut request = self.http.request(method, url).query(&ask.query);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        if let Some((kind, body)) = ask.body {
            request = request.header(header::CONTENT_TYPE, kind).body(body);
        }
        Ok(request)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut reason: &dyn std::error::Error = error;
        while let Some(deeper) = reason.source() {
            reason = deeper;
        }
        Failure::new(
            Code::UNREACHABLE,
            format!("{} is out of reach: {reason}", self.base),
        )
    }
}

/// A part of a path, with everything escaped that could change it.
pub fn segment(text: &str) -> String {
    let mut url = Url::parse("http://x/").unwrap_or_else(|_| unreachable!("a constant URL parses"));
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(text);
    }
    url.path().trim_start_matches('/').to_owned()
}
