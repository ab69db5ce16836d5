//! Which variables stand at which place of a definition.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use expression::Scope;

use super::man::DECISION_FIELDS;
use super::outline::{Outline, Role};
use crate::source::Node;
use crate::workflow::ListIx;

/// Names that an item may not have.
pub(super) const RESERVED: [&str; 19] = [
    "input",
    "event",
    "meta",
    "steps",
    "workflow",
    "env",
    "flags",
    "secrets",
    "now",
    "index",
    "iteration",
    "state",
    "error",
    "branch",
    "output",
    "trigger",
    "adapters",
    "call",
    "decision",
];

/// The scopes of a definition. Each is built once: they hold the ids of all steps.
pub(super) struct Scopes {
    env: BTreeSet<String>,
    ids: Vec<String>,
    /// By list: the variables that loops and handlers around it add.
    added: Vec<BTreeSet<String>>,
    built: BTreeMap<BTreeSet<String>, Rc<Scope>>,
    pub(super) header: Rc<Scope>,
    /// Of what an event is and carries.
    pub(super) event: Rc<Scope>,
    /// Of what decides where an event goes.
    pub(super) routing: Rc<Scope>,
    /// Of what is made of the events of a window.
    pub(super) window: Rc<Scope>,
}

impl Scopes {
    pub(super) fn new(outline: &Outline<'_>, env: BTreeSet<String>) -> Self {
        let header = shared(&env).variables(["input"]);
        let event = shared(&env);
        let routing = shared(&env).open_adapters();
        let window = shared(&env).open_adapters().variables(["window"]);
        let mut scopes = Self {
            env,
            ids: outline.ids.keys().map(ToString::to_string).collect(),
            added: Vec::new(),
            built: BTreeMap::new(),
            header: Rc::new(header),
            event: Rc::new(event),
            routing: Rc::new(routing),
            window: Rc::new(window),
        };
        for list in &outline.lists {
            let added = scopes.added_in(outline, list.owner, list.role);
            scopes.added.push(added);
        }
        scopes
    }

    /// What expressions in the steps of a list may name, with further variables for one place.
    pub(super) fn in_list(&mut self, list: ListIx, more: &[&str]) -> Rc<Scope> {
        let mut variables = self.added[list.0 as usize].clone();
        variables.extend(more.iter().map(ToString::to_string));
        if let Some(scope) = self.built.get(&variables) {
            return scope.clone();
        }
        let ids = self.ids.iter().map(String::as_str);
        let scope = shared(&self.env).variable("input").workflow().steps(ids);
        // What a notice sees of its decision has hyphens in its names.
        let (records, plain): (Vec<&str>, Vec<&str>) = variables
            .iter()
            .map(String::as_str)
            .partition(|name| *name == "decision");
        let scope = records
            .into_iter()
            .fold(scope.variables(plain), |scope, name| {
                scope.record(name, DECISION_FIELDS)
            });
        let scope = Rc::new(scope);
        self.built.insert(variables, scope.clone());
        scope
    }

    fn added_in(
        &self,
        outline: &Outline<'_>,
        owner: Option<crate::workflow::StepIx>,
        role: Role,
    ) -> BTreeSet<String> {
        let owner = owner.map(|owner| outline.step(owner));
        let outer = owner.map(|owner| self.added[owner.list.0 as usize].clone());
        let mut added = outer.unwrap_or_default();
        match role {
            Role::Root | Role::Block => {}
            Role::Finally | Role::Catch => {
                added.insert("error".to_owned());
            }
            Role::Loop => added.extend(
                owner
                    .map(|owner| loop_variables(owner.node))
                    .unwrap_or_default(),
            ),
        }
        added
    }
}

/// The variables that a loop adds in its body.
pub(super) fn loop_variables(step: &Node) -> Vec<String> {
    let own = if step.has("for-each") {
        item_name(step)
    } else {
        "state"
    };
    [own, "index", "iteration"].map(str::to_owned).to_vec()
}

/// The name of a `for-each`'s item.
pub(super) fn item_name(step: &Node) -> &str {
    step.text_at("as").unwrap_or("item")
}

/// Flags and secrets are declared everywhere, so that naming them is reported for what it is.
fn shared(env: &BTreeSet<String>) -> Scope {
    let scope = Scope::new().variables(["event", "meta", "now"]);
    scope
        .members("env", env.iter().map(String::as_str))
        .open_members("flags")
        .open_members("secrets")
}

/// The names of the settings that a document's texts seem to read: the known ones as they are known, of the others
/// the whole name with its hyphens.
pub(super) fn settings_named(document: &Node, known: &BTreeSet<String>) -> BTreeSet<String> {
    let mut names = known.clone();
    names.insert("name".to_owned());
    let mut found = BTreeSet::new();
    visit_texts(document, &mut |text| {
        collect_settings(text, &names, &mut found)
    });
    names.extend(found);
    names
}

fn visit_texts(node: &Node, visit: &mut impl FnMut(&str)) {
    if let Some(text) = node.text() {
        visit(text);
    }
    for item in node.items() {
        visit_texts(item, visit);
    }
    for entry in node.entries() {
        visit_texts(&entry.value, visit);
    }
}

fn collect_settings(text: &str, known: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    for (start, _) in text.match_indices("env.") {
        let rest = &text[start + 4..];
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let run = rest[..end].trim_end_matches('-');
        let starts_like_known = std::iter::successors(Some(run), |run| {
            run.rsplit_once('-').map(|(shorter, _)| shorter)
        })
        .any(|prefix| known.contains(prefix));
        if !run.is_empty()
            && !run.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            && !starts_like_known
        {
            found.insert(run.to_owned());
        }
    }
}
