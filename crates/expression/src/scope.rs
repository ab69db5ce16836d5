use std::collections::{BTreeMap, BTreeSet};

/// What may follow `steps.<id>.` in an expression.
pub const STEP_FIELDS: [&str; 8] = [
    "output", "status", "error", "attempts", "winners", "expired", "caught", "outcome",
];

const ADAPTER_FIELDS: [&str; 4] = ["healthy", "breaker", "in-flight", "error-rate"];
const WORKFLOW_FIELDS: [&str; 6] = [
    "id",
    "name",
    "version",
    "correlation-id",
    "started-at",
    "priority",
];

/// The names that an expression may use at its place.
///
/// A name that is not declared here is a compile error. Member names may hold hyphens: of the declared ones the
/// longest that fits is taken, so `steps.create-account.output` is not a subtraction.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    pub(crate) roots: BTreeMap<String, Root>,
    pub(crate) lenient: bool,
}

/// One root variable and how it is read.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    pub(crate) names: Names,
    /// The names that may follow the member; empty = anything.
    pub(crate) fields: &'static [&'static str],
    pub(crate) fetch: Fetch,
}

/// The member names that are known of a root.
#[derive(Debug, Clone)]
pub(crate) enum Names {
    /// An ordinary value: nothing is known of its fields.
    Any,
    /// Exactly these.
    Closed(BTreeSet<String>),
    /// Any name of letters, digits, `_` and inner hyphens.
    Open,
}

/// How much of a root one request to `Variables` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fetch {
    Whole,
    Member,
    Field,
}

impl Scope {
    /// A scope without any variable.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares an ordinary variable. `now` is the evaluation's time and is never asked of the variables.
    #[must_use]
    pub fn variable(self, name: &str) -> Self {
        self.root(name, Names::Any, &[], Fetch::Whole)
    }

    /// Declares several ordinary variables.
    #[must_use]
    pub fn variables<'n>(self, names: impl IntoIterator<Item = &'n str>) -> Self {
        names.into_iter().fold(self, Self::variable)
    }

    /// Declares a variable that is read as a whole and has exactly these fields, which may hold hyphens
    /// (`target.in-flight`, `decision.approve-url`).
    #[must_use]
    pub fn record<N: Into<String>>(self, name: &str, fields: impl IntoIterator<Item = N>) -> Self {
        self.root(name, closed(fields), &[], Fetch::Whole)
    }

    /// Declares a root that is read member by member and has exactly these members (`flags`, `secrets`).
    #[must_use]
    pub fn members<N: Into<String>>(self, root: &str, names: impl IntoIterator<Item = N>) -> Self {
        self.root(root, closed(names), &[], Fetch::Member)
    }

    /// Declares a root that is read member by member, whose members are not known at compile time.
    #[must_use]
    pub fn open_members(self, root: &str) -> Self {
        self.root(root, Names::Open, &[], Fetch::Member)
    }

    /// Declares `steps` with the ids of the steps that may be named here.
    #[must_use]
    pub fn steps<N: Into<String>>(self, ids: impl IntoIterator<Item = N>) -> Self {
        self.root("steps", closed(ids), &STEP_FIELDS, Fetch::Field)
    }

    /// Declares `adapters` with these names; each has `healthy`, `breaker`, `in-flight` and `error-rate`.
    #[must_use]
    pub fn adapters<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.root("adapters", closed(names), &ADAPTER_FIELDS, Fetch::Member)
    }

    /// Declares `adapters` without knowing their names.
    #[must_use]
    pub fn open_adapters(self) -> Self {
        self.root("adapters", Names::Open, &ADAPTER_FIELDS, Fetch::Member)
    }

    /// Declares `workflow` with its six fields, each read by itself.
    #[must_use]
    pub fn workflow(self) -> Self {
        self.members("workflow", WORKFLOW_FIELDS)
    }

    /// Whether this root variable is declared.
    #[must_use]
    pub fn declares(&self, root: &str) -> bool {
        self.roots.contains_key(root)
    }

    /// Names that are not declared fail only when they are evaluated, as the CEL specification has it.
    pub(crate) fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    fn root(
        mut self,
        name: &str,
        names: Names,
        fields: &'static [&'static str],
        fetch: Fetch,
    ) -> Self {
        let root = Root {
            names,
            fields,
            fetch,
        };
        self.roots.insert(name.to_owned(), root);
        self
    }
}

fn closed<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Names {
    Names::Closed(names.into_iter().map(Into::into).collect())
}
