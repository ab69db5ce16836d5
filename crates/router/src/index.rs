//! Many conditions over one field, looked up by its value instead of tried one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use expression::{Constant, Guard, Program};
use serde_json::Value;

use crate::seen::Seen;

/// Fewer conditions over a field of the data are as fast one by one. Those over an attribute are looked up however few
/// they are: it is at hand.
const MIN_GROUP: usize = 2;
/// The bound of a source that has nothing more.
const NOTHING: u32 = u32::MAX;

/// A condition that may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Its place among all conditions.
    pub(crate) place: u32,
    /// It holds, without being evaluated.
    pub(crate) holds: bool,
}

/// Conditions in order, those over one field by its value.
#[derive(Debug, Default)]
pub(crate) struct Index {
    groups: Vec<Group>,
    /// Those that have to be tried.
    rest: Vec<Candidate>,
}

/// Conditions over one field.
#[derive(Debug)]
struct Group {
    field: Field,
    /// The first place of all.
    first: u32,
    texts: HashMap<Box<str>, Vec<Candidate>>,
    ints: HashMap<i64, Vec<Candidate>>,
    truths: [Vec<Candidate>; 2],
}

/// A field that conditions compare.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    /// Of the event's attributes, which need no parsing.
    Attribute(String),
    /// Of its data.
    Data(Vec<String>),
}

impl Index {
    /// Of conditions in their order; one that is none holds always.
    pub(crate) fn new<'p>(conditions: impl Iterator<Item = Option<&'p Program>>) -> Self {
        let conditions: Vec<_> = conditions.collect();
        let guards: Vec<Vec<(Field, Guard)>> = conditions
            .iter()
            .map(|condition| condition.map(guards).unwrap_or_default())
            .collect();
        let chosen = choose(guards);
        let mut members: BTreeMap<Field, Vec<(u32, Guard)>> = BTreeMap::new();
        let mut rest = Vec::new();
        for ((place, condition), chosen) in (0..).zip(&conditions).zip(chosen) {
            match chosen {
                Some((field, guard)) => members.entry(field).or_default().push((place, guard)),
                None => rest.push(Candidate {
                    place,
                    holds: condition.is_none(),
                }),
            }
        }
        let (small, large): (BTreeMap<_, _>, BTreeMap<_, _>) =
            members.into_iter().partition(|(field, members)| {
                matches!(field, Field::Data(_)) && members.len() < MIN_GROUP
            });
        let tried = small.into_values().flatten().map(|(place, _)| Candidate {
            place,
            holds: false,
        });
        rest.extend(tried);
        rest.sort_unstable_by_key(|candidate| candidate.place);
        let groups = large
            .into_iter()
            .map(|(field, members)| Group::new(field, members));
        Self {
            groups: groups.collect(),
            rest,
        }
    }

    /// The conditions that may hold for an event, in their order; none of the others does.
    pub(crate) fn candidates<'i>(&'i self, seen: Seen<'i>) -> Candidates<'i> {
        let groups = self.groups.iter().map(|group| Source {
            unopened: Some(group),
            list: &[],
            bound: group.first,
        });
        let rest = Source {
            unopened: None,
            list: &self.rest,
            bound: bound(&self.rest),
        };
        Candidates {
            seen,
            sources: std::iter::once(rest).chain(groups).collect(),
        }
    }
}

/// The guards of a condition that an index can look up.
fn guards(condition: &Program) -> Vec<(Field, Guard)> {
    let of = |guard: Guard| {
        let field = match (guard.root.as_str(), guard.path.as_slice()) {
            ("event", path) => Field::Data(path.to_vec()),
            ("meta", [name]) => Field::Attribute(name.clone()),
            _ => return None,
        };
        // An attribute can be looked up without parsing as a text only.
        let texts = guard
            .constants
            .iter()
            .all(|constant| matches!(constant, Constant::Text(_)));
        let well = texts || matches!(field, Field::Data(_));
        well.then_some((field, guard))
    };
    condition.guards().into_iter().filter_map(of).collect()
}

/// One guard of each condition: over the field that tells most of the conditions apart.
fn choose(guards: Vec<Vec<(Field, Guard)>>) -> Vec<Option<(Field, Guard)>> {
    let mut apart: BTreeMap<Field, BTreeSet<Constant>> = BTreeMap::new();
    for (field, guard) in guards.iter().flatten() {
        let constants = guard.constants.iter().cloned();
        apart.entry(field.clone()).or_default().extend(constants);
    }
    let rank = |field: &Field| {
        let told = apart.get(field).map_or(0, BTreeSet::len);
        (told, matches!(field, Field::Attribute(_)))
    };
    guards
        .into_iter()
        .map(|own| own.into_iter().max_by_key(|(field, _)| rank(field)))
        .collect()
}

impl Group {
    fn new(field: Field, members: Vec<(u32, Guard)>) -> Self {
        let mut group = Self {
            field,
            first: members.first().map_or(NOTHING, |(place, _)| *place),
            texts: HashMap::new(),
            ints: HashMap::new(),
            truths: [Vec::new(), Vec::new()],
        };
        for (place, guard) in members {
            let candidate = Candidate {
                place,
                holds: guard.whole,
            };
            let constants: BTreeSet<Constant> = guard.constants.into_iter().collect();
            for constant in constants {
                group.of(constant).push(candidate);
            }
        }
        group
    }

    fn of(&mut self, constant: Constant) -> &mut Vec<Candidate> {
        match constant {
            Constant::Text(text) => self.texts.entry(text.into()).or_default(),
            Constant::Int(number) => self.ints.entry(number).or_default(),
            Constant::Bool(truth) => &mut self.truths[usize::from(truth)],
        }
    }

    /// Those whose guard holds for the event.
    fn find(&self, seen: &Seen<'_>) -> &[Candidate] {
        match &self.field {
            Field::Attribute(name) => {
                let found = seen.event.attribute(name);
                self.text(found)
            }
            Field::Data(path) => {
                let found = match seen.event.document("event") {
                    Some(document) => document.constant_at(path),
                    None => {
                        let data = seen.event.data();
                        let value = data.as_deref().and_then(|data| value_at(data, path));
                        value.and_then(Constant::of)
                    }
                };
                self.constant(found.as_ref())
            }
        }
    }

    fn text(&self, text: Option<&str>) -> &[Candidate] {
        text.and_then(|text| self.texts.get(text))
            .map_or(&[], Vec::as_slice)
    }

    fn constant(&self, found: Option<&Constant>) -> &[Candidate] {
        match found {
            Some(Constant::Text(text)) => self.text(Some(text)),
            Some(Constant::Int(number)) => self.ints.get(number).map_or(&[], Vec::as_slice),
            Some(Constant::Bool(truth)) => &self.truths[usize::from(*truth)],
            None => &[],
        }
    }
}

fn value_at<'v>(data: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter()
        .try_fold(data, |value, name| value.as_object()?.get(name))
}

fn bound(list: &[Candidate]) -> u32 {
    list.first().map_or(NOTHING, |candidate| candidate.place)
}

/// The candidates of an event in order. A field is looked up only when a condition over it is next, so that an event
/// whose attributes decide is never parsed.
pub(crate) struct Candidates<'i> {
    seen: Seen<'i>,
    sources: Vec<Source<'i>>,
}

struct Source<'i> {
    unopened: Option<&'i Group>,
    list: &'i [Candidate],
    /// No place in it is lower.
    bound: u32,
}

impl Iterator for Candidates<'_> {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        loop {
            let source = self
                .sources
                .iter_mut()
                .min_by_key(|source| source.bound)
                .filter(|source| source.bound != NOTHING)?;
            if let Some(group) = source.unopened.take() {
                source.list = group.find(&self.seen);
                source.bound = bound(source.list);
                continue;
            }
            let (first, rest) = source.list.split_first()?;
            source.list = rest;
            source.bound = bound(rest);
            return Some(*first);
        }
    }
}
