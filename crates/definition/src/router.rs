//! Where events go: routers, their rules and destinations.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use expression::{Program, Template};

use crate::catalog::Catalog;

/// The name of a router that has none.
pub const DEFAULT_ROUTER: &str = "default";

/// Rules that send an event to destinations.
#[derive(Clone, Debug, PartialEq)]
pub struct Router {
    /// Kebab-case, unique in its namespace.
    pub name: String,
    /// `match`: which events it is for; none: all. Sees what the rules' conditions see.
    pub condition: Option<Program>,
    /// How many of its rules decide.
    pub mode: RouterMode,
    /// Asked in order.
    pub rules: Vec<RouterRule>,
    /// Where an event goes that no rule takes; none: it stays unrouted.
    pub default: Option<Destination>,
    /// The long form with all names resolved, as stored in the catalog.
    pub document: Arc<serde_json::Value>,
}

/// How many rules of a router decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterMode {
    /// The first that holds.
    First,
    /// All that hold.
    All,
}

/// One rule of a router.
#[derive(Clone, Debug, PartialEq)]
pub struct RouterRule {
    /// Its name; without one it is known by its place in [`Router::rules`].
    pub name: Option<String>,
    /// Sees `event`, `meta`, `env`, `now` and `adapters`; a missing field is no match.
    pub condition: Program,
    /// Where the events go that it takes.
    pub destination: Destination,
    /// How urgent that is, as one of [`crate::PRIORITIES`]; none: as the workflow says.
    pub priority: Option<Template>,
    /// The input; none: the event's data.
    pub transform: Option<Template>,
}

/// Where a rule sends an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// One place.
    One(Target),
    /// One of several.
    Pool(Pool),
}

/// A place that takes events; names were looked up when the router was applied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Starts this workflow, at the version that a start takes.
    Workflow(String),
    /// Calls an adapter in an instance of one step.
    Adapter {
        /// The adapter.
        adapter: String,
        /// Its action; none: its default action.
        action: Option<String>,
    },
    /// Asks another router.
    Router(String),
}

/// Several places, of which each event goes to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// At least one.
    pub members: Vec<PoolMember>,
    /// How events are spread over them.
    pub balance: Balance,
}

/// A member of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolMember {
    /// Where its events go.
    pub target: Target,
    /// Its share under [`Balance::Weighted`], from 1 to [`crate::MAX_WEIGHT`].
    pub weight: u32,
    /// Where it stands.
    pub zone: Option<String>,
}

/// How events are spread over a pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Balance {
    /// In turn.
    RoundRobin,
    /// By weight, evenly mixed.
    Weighted,
    /// To the member with the least work under way.
    LeastConnections,
    /// To the member with the highest score; sees `target.weight`, `in-flight`, `latency-p95`
    /// (milliseconds), `error-rate`, `zone` and `node.zone`.
    Custom(Program),
}

impl Destination {
    /// Every place that it may send an event to.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        let (one, members) = match self {
            Self::One(target) => (Some(target), [].as_slice()),
            Self::Pool(pool) => (None, pool.members.as_slice()),
        };
        one.into_iter()
            .chain(members.iter().map(|member| &member.target))
    }
}

impl Router {
    /// Every place that it may send an event to, the rules' first.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        let rules = self.rules.iter().map(|rule| &rule.destination);
        rules.chain(&self.default).flat_map(Destination::targets)
    }

    /// The routers that it may send an event to.
    pub fn next(&self) -> impl Iterator<Item = &str> {
        self.targets().filter_map(|target| match target {
            Target::Router(name) => Some(name.as_str()),
            Target::Workflow(_) | Target::Adapter { .. } => None,
        })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Workflow(name) => write!(formatter, "workflow {name}"),
            Self::Adapter {
                adapter,
                action: None,
            } => write!(formatter, "adapter {adapter}"),
            Self::Adapter {
                adapter,
                action: Some(action),
            } => write!(formatter, "adapter {adapter}/{action}"),
            Self::Router(name) => write!(formatter, "router {name}"),
        }
    }
}

/// The way from a router back to itself, both ends included, if there is one.
pub(crate) fn router_circle(catalog: &Catalog, start: &str) -> Option<Vec<String>> {
    let mut from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(name) = next.pop_front() {
        let (name, router) = catalog.routers.get_key_value(name)?;
        for target in router.next() {
            if target == start {
                return Some(way_back(&from, name, start));
            }
            let unseen = !from.contains_key(target) && catalog.routers.contains_key(target);
            if unseen {
                from.insert(target, name);
                next.push_back(target);
            }
        }
    }
    None
}

/// The way to `last`, and from there to `start` again.
fn way_back(from: &BTreeMap<&str, &str>, last: &str, start: &str) -> Vec<String> {
    let before = std::iter::successors(Some(last), |name| from.get(name).copied());
    let mut way: Vec<String> = before.map(str::to_owned).collect();
    way.reverse();
    way.push(start.to_owned());
    way
}
