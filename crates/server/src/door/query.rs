//! The query: parameters that are asked for are known, any other is refused.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use api::{Code, Finding};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::cursor::Cursor;
use super::refusal::Refusal;

/// The most that a page of a list holds.
const MAX_LIMIT: usize = 1_000;
const DEFAULT_LIMIT: usize = 50;

/// The query of one request; take what the path knows, then call [`Query::finish`].
#[derive(Debug)]
pub struct Query {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl Query {
    /// Parameters that came otherwise.
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self {
            left: pairs,
            known: Vec::new(),
        }
    }

    fn parse(query: &str) -> Result<Self, Refusal> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let left: Result<Vec<(String, String)>, Refusal> = pairs.map(pair).collect();
        left.map(Self::of)
    }

    /// A parameter's value; an empty one counts as absent.
    ///
    /// # Errors
    /// When it is given twice, or is not what it should be.
    pub fn take<T>(&mut self, name: &'static str) -> Result<Option<T>, Refusal>
    where
        T: FromStr<Err: Display>,
    {
        let mut values = self.take_all(name).into_iter();
        let (first, second) = (values.next(), values.next());
        if second.is_some() {
            return Err(wrong(
                name,
                "expected the parameter once, but it is there several times",
            ));
        }
        let Some(text) = first.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|error| wrong(name, error))
    }

    /// All values of a parameter that may be repeated; a value may hold several, with commas.
    pub fn take_list(&mut self, name: &'static str) -> Vec<String> {
        let values = self.take_all(name);
        let items = values.iter().flat_map(|value| value.split(','));
        items
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Parameters that begin with this (`attribute.`), without it.
    pub fn take_prefixed(&mut self, prefix: &'static str) -> Vec<(String, String)> {
        self.known.push(prefix);
        let (taken, left) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|(name, _)| name.starts_with(prefix));
        self.left = left;
        let taken: Vec<(String, String)> = taken;
        taken
            .into_iter()
            .map(|(name, value)| (name[prefix.len()..].to_owned(), value))
            .collect()
    }

    /// `limit`: 50, at most 1,000.
    ///
    /// # Errors
    /// When it is no number within its bounds.
    pub fn limit(&mut self) -> Result<usize, Refusal> {
        let limit = self.take("limit")?.unwrap_or(DEFAULT_LIMIT);
        if (1..=MAX_LIMIT).contains(&limit) {
            return Ok(limit);
        }
        Err(wrong(
            "limit",
            format!("expected 1 to {MAX_LIMIT}, but got {limit}"),
        ))
    }

    /// `cursor`, as this kind of list gave it out.
    ///
    /// # Errors
    /// When it did not.
    pub fn cursor(&mut self, kind: Cursor) -> Result<Option<Vec<u8>>, Refusal> {
        let text: Option<String> = self.take("cursor")?;
        text.map(|text| kind.open(&text)).transpose()
    }

    /// Refuses what was not asked for.
    ///
    /// # Errors
    /// With the first unknown parameter and the nearest known one.
    pub fn finish(self) -> Result<(), Refusal> {
        let Some((name, _)) = self.left.first() else {
            return Ok(());
        };
        let shown: String = name.chars().take(64).collect();
        let detail = if self.known.is_empty() {
            format!("expected no query parameters, but got `{shown}`")
        } else {
            format!(
                "expected one of {}, but got `{shown}`",
                self.known.join(", ")
            )
        };
        let mut finding = Finding::at(shown.clone(), "unknown query parameter");
        if let Some(near) = adapter::nearest(&shown, self.known.iter().copied()) {
            finding = finding.hint(format!("did you mean `{near}`?"));
        }
        Err(Refusal::new(Code::UNKNOWN_PARAMETER, detail).with(finding))
    }

    fn take_all(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let (taken, left) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|(found, _)| found == name);
        self.left = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }
}

fn pair(pair: &str) -> Result<(String, String), Refusal> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    Ok((decode(name)?, decode(value)?))
}

fn decode(text: &str) -> Result<String, Refusal> {
    let spaced = text.replace('+', " ");
    let decoded: Result<Cow<'_, str>, _> = percent_decode_str(&spaced).decode_utf8();
    let refused = |_| Refusal::new(Code::BAD_PARAMETER, "the query is not UTF-8 once decoded");
    decoded.map(Cow::into_owned).map_err(refused)
}

/// A parameter that does not fit.
fn wrong(name: &str, reason: impl Display) -> Refusal {
    let detail = format!("query parameter `{name}`: {reason}");
    Refusal::new(Code::BAD_PARAMETER, detail).with(Finding::at(name, reason.to_string()))
}

impl Query {
    /// The refusal of a parameter whose meaning does not fit.
    pub fn wrong(name: &str, reason: impl Display) -> Refusal {
        wrong(name, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: Result<(usize, Vec<&str>), &str>) {
        let read = || -> Result<(usize, Vec<String>), Refusal> {
            let mut query = Query::parse(query)?;
            let limit = query.limit()?;
            let status = query.take_list("status");
            query.take_prefixed("attribute.");
            query.finish()?;
            Ok((limit, status))
        };
        let code = |refusal: Refusal| refusal.problem().code.clone();
        let read = read().map_err(code);
        let expected = expected.map_err(str::to_owned);
        let expected = expected.map(|(l, s)| (l, s.into_iter().map(str::to_owned).collect()));
        assert_eq!(read, expected, "{query}");
    }

    #[test]
    fn known_parameters_are_read_and_others_refused() {
        check("", Ok((50, vec![])));
        check(
            "limit=7&status=a,b&status=c%2Cd",
            Ok((7, vec!["a", "b", "c", "d"])),
        );
        check("attribute.region=EU", Ok((50, vec![])));
        check("limit=0", Err("ORC-0109"));
        check("limit=many", Err("ORC-0109"));
        check("limit=1&limit=2", Err("ORC-0109"));
        check("statsu=a", Err("ORC-0108"));
        check("status=%ff", Err("ORC-0109"));
    }

    #[test]
    fn the_nearest_name_is_offered() {
        let mut query = Query::parse("statsu=a").unwrap();
        query.take_list("status");
        let refusal = query.finish().unwrap_err();
        assert_eq!(
            refusal.problem().errors[0].hint.as_deref(),
            Some("did you mean `status`?")
        );
    }
}
