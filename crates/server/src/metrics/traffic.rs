//! Requests, counted by what they ask for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::MatchedPath;
use axum::http::{Extensions, Method, StatusCode};
use runtime::{DURATIONS_US, Histogram, Spread};

/// Statuses by their first digit.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The label of what is no route of the API: pages, and whatever else one may ask for. Were each path a label, anybody
/// could fill the memory of whoever watches.
const OTHER: &str = "other";

/// Counts the requests of each route. The routes are known from the start, so that counting one takes a look into a
/// table that never changes and three atomic additions.
#[derive(Debug)]
pub(crate) struct Traffic {
    routes: HashMap<String, Vec<(Method, Series)>>,
    other: Series,
}

#[derive(Debug)]
struct Series {
    answers: [AtomicU64; CLASSES.len()],
    duration_us: Histogram,
}

/// A request under way.
pub(crate) struct Begun<'a> {
    series: &'a Series,
    at: Instant,
}

/// One route's requests so far.
#[derive(Debug)]
pub(super) struct RouteFigures {
    pub(super) method: String,
    pub(super) route: String,
    /// How many were answered with which class of status.
    pub(super) answers: Vec<(&'static str, u64)>,
    /// From the head of a request until the head of its answer, in microseconds.
    pub(super) duration_us: Spread,
}

impl Traffic {
    /// Counts requests to these routes.
    pub(crate) fn to(routes: impl IntoIterator<Item = (String, Method)>) -> Self {
        let mut table: HashMap<String, Vec<(Method, Series)>> = HashMap::new();
        for (route, method) in routes {
            let methods = table.entry(route).or_default();
            methods.push((method, Series::new()));
        }
        Self {
            routes: table,
            other: Series::new(),
        }
    }

    /// A request begins; its extensions name the route that it matched.
    pub(crate) fn begin(&self, method: &Method, extensions: &Extensions) -> Begun<'_> {
        let route = extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        let methods = route.and_then(|route| self.routes.get(route));
        let series = methods.and_then(|methods| {
            let mut methods = methods.iter();
            methods.find_map(|(known, series)| (known == method).then_some(series))
        });
        Begun {
            series: series.unwrap_or(&self.other),
            at: Instant::now(),
        }
    }

    /// What was counted so far, in the order of the routes; those that nobody asked for are left out.
    pub(super) fn figures(&self) -> Vec<RouteFigures> {
        let known = self.routes.iter().flat_map(|(route, methods)| {
            let methods = methods.iter();
            methods.map(|(method, series)| series.figures(method.as_str(), route))
        });
        let all = known.chain([self.other.figures(OTHER, OTHER)]);
        let mut asked: Vec<_> = all.filter(|route| !route.answers.is_empty()).collect();
        asked.sort_by(|a, b| (&a.route, &a.method).cmp(&(&b.route, &b.method)));
        asked
    }
}

impl Series {
    fn new() -> Self {
        Self {
            answers: Default::default(),
            duration_us: Histogram::new(DURATIONS_US),
        }
    }

    fn figures(&self, method: &str, route: &str) -> RouteFigures {
        let counts = self
            .answers
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let answers = CLASSES.into_iter().zip(counts);
        RouteFigures {
            method: method.to_owned(),
            route: route.to_owned(),
            answers: answers.filter(|(_, count)| *count > 0).collect(),
            duration_us: self.duration_us.spread(),
        }
    }
}

impl Begun<'_> {
    /// The request was answered.
    pub(crate) fn end(self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        self.series.answers[class.min(CLASSES.len() - 1)].fetch_add(1, Ordering::Relaxed);
        self.series.duration_us.add_duration(self.at.elapsed());
    }
}
