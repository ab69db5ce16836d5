//! What a bucket's instances are found by: each instance has a few terms, numbers that stand for a word
//! of it, an attribute, its kind. A list looks at the instances of one term, newest first, and judges
//! each with the filter itself, so that two texts with the same number do no harm.

use store::{CountBy, EntityId, InstanceFilter, InstanceRow, id_of_text, id_part, names, words};

/// A term. It is never negative, so that SQLite orders it as a number.
pub(super) type Term = i64;

/// What every instance has.
pub(super) const ALL: Term = 0;

/// What a term stands for; above it in the number lie 3 bits of this, so that no kind is taken for a
/// word.
#[derive(Clone, Copy)]
enum Sort {
    Kind = 1,
    Id,
    IdBeginning,
    Parent,
    Attribute,
    Word,
}

/// Bits of a hash, small enough that a run's neighbours differ in few bytes.
const HASH_BITS: u32 = 44;

fn term(sort: Sort, number: u64) -> Term {
    let number = number & ((1 << HASH_BITS) - 1);
    ((sort as i64) << HASH_BITS) | number as i64
}

/// The same on every machine and in every version: it is stored. FNV-1a, 64 bits, folded, from
/// <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().copied().flatten() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^ (hash >> HASH_BITS)
}

/// The term of a kind's number.
pub(super) fn of_kind(kind: i64) -> Term {
    term(Sort::Kind, kind as u64)
}

/// The term of an id.
pub(super) fn of_id(id: &EntityId) -> Term {
    term(Sort::Id, hash(&[id]))
}

/// The first four bytes of an id, which a search may begin with.
fn of_beginning(bytes: [u8; 4]) -> Term {
    term(Sort::IdBeginning, u64::from(u32::from_be_bytes(bytes)))
}

fn of_word(word: &str) -> Term {
    term(Sort::Word, hash(&[word.as_bytes()]))
}

fn of_attribute((name, value): &(String, String)) -> Term {
    term(
        Sort::Attribute,
        hash(&[name.as_bytes(), &[0], value.as_bytes()]),
    )
}

fn of_parent(parent: &EntityId) -> Term {
    term(Sort::Parent, hash(&[parent]))
}

/// The terms of an instance, each once. Its workflow's name is its kind's.
pub(super) fn of_row(row: &InstanceRow, kind: i64, terms: &mut Vec<Term>) {
    terms.clear();
    let beginning = [row.id[0], row.id[1], row.id[2], row.id[3]];
    terms.extend([ALL, of_kind(kind), of_id(&row.id), of_beginning(beginning)]);
    terms.extend(row.parent_id.as_ref().map(of_parent));
    terms.extend(row.attributes.iter().map(of_attribute));
    let words = row.searched().flat_map(words);
    terms.extend(words.map(|word| of_word(&word)));
    terms.sort_unstable();
    terms.dedup();
}

/// A kind as a bucket counts it.
pub(super) struct Kind {
    pub(super) number: i64,
    pub(super) workflow: String,
    pub(super) version: String,
    pub(super) status: String,
    /// How many instances are of it.
    pub(super) instances: u64,
}

impl Kind {
    /// The group that a count puts its instances into.
    pub(super) fn group(&self, by: CountBy) -> Vec<String> {
        by.group(&self.workflow, &self.version, &self.status)
    }

    /// Whether a filter's conditions on status, workflow and version hold.
    pub(super) fn fits(&self, filter: &InstanceFilter) -> bool {
        filter.fits_kind(&self.workflow, &self.version, &self.status)
    }
}

/// So few instances of the kinds asked for are looked at rather than those of a word.
const FEW: u64 = 1_000;

/// Terms of which every instance that a filter wants has one. `kinds` are the bucket's.
pub(super) fn wanted(filter: &InstanceFilter, kinds: &[Kind]) -> Vec<Term> {
    let by_kind = by_kind(filter, kinds);
    let of_kinds = || by_kind.iter().flatten().map(|kind| of_kind(kind.number));
    let few = |kinds: &Vec<&Kind>| kinds.iter().map(|kind| kind.instances).sum::<u64>() <= FEW;
    if by_kind.as_ref().is_some_and(few) {
        return of_kinds().collect();
    }
    by_correlation(filter)
        .or_else(|| longest(filter.subject.as_ref()?).map(|word| vec![of_word(&word)]))
        .or_else(|| Some(vec![of_parent(&filter.parent_id?)]))
        .or_else(|| Some(vec![of_attribute(filter.attributes.first()?)]))
        .or_else(|| by_text(filter.text.as_ref()?, kinds))
        .unwrap_or_else(|| match by_kind {
            Some(_) => of_kinds().collect(),
            None => vec![ALL],
        })
}

fn by_kind<'a>(filter: &InstanceFilter, kinds: &'a [Kind]) -> Option<Vec<&'a Kind>> {
    let asked =
        !filter.statuses.is_empty() || filter.workflow.is_some() || filter.version.is_some();
    asked.then(|| kinds.iter().filter(|kind| kind.fits(filter)).collect())
}

fn by_correlation(filter: &InstanceFilter) -> Option<Vec<Term>> {
    let text = filter.correlation_id.as_ref()?;
    let own = id_of_text(text).map(|id| of_id(&id));
    let word = longest(text).map(|word| of_word(&word));
    let terms: Vec<Term> = own.into_iter().chain(word).collect();
    (!terms.is_empty()).then_some(terms)
}

/// Of a search: its longest word, wherever that may stand, or what it says of an id.
fn by_text(text: &str, kinds: &[Kind]) -> Option<Vec<Term>> {
    let word = longest(text)?;
    let mut terms = vec![of_word(&word)];
    let named = |kind: &&Kind| names(&kind.workflow, &word);
    terms.extend(kinds.iter().filter(named).map(|kind| of_kind(kind.number)));
    let beginning = id_part(text).and_then(|part| u32::from_str_radix(&part[..8], 16).ok());
    terms.extend(beginning.map(|number| of_beginning(number.to_be_bytes())));
    Some(terms)
}

fn longest(text: &str) -> Option<String> {
    words(text).max_by_key(String::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> InstanceRow {
        InstanceRow {
            id: [0xab; 16],
            workflow: "order-fulfilment".into(),
            correlation_id: "corr-7".into(),
            subject: Some("Ada Lovelace".into()),
            parent_id: Some([7; 16]),
            attributes: vec![("region".into(), "eu".into())],
            error: Some("HTTP 503 from billing".into()),
            ..InstanceRow::default()
        }
    }

    fn kinds(instances: u64) -> Vec<Kind> {
        let kind = |number, workflow: &str| Kind {
            number,
            workflow: workflow.into(),
            version: "1".into(),
            status: "completed".into(),
            instances,
        };
        vec![kind(1, "order-fulfilment"), kind(2, "other")]
    }

    /// Whether the row is among those that the terms lead to, in a bucket of many.
    fn leads(change: impl FnOnce(&mut InstanceFilter)) -> bool {
        let mut filter = InstanceFilter::default();
        change(&mut filter);
        let mut terms = vec![];
        of_row(&row(), 1, &mut terms);
        let wanted = wanted(&filter, &kinds(1_000_000));
        wanted.iter().any(|term| terms.contains(term))
    }

    #[test]
    fn every_condition_leads_to_what_it_wants() {
        assert!(leads(|_| ()));
        assert!(leads(|f| f.workflow = Some("order-fulfilment".into())));
        assert!(leads(|f| f.correlation_id = Some("corr-7".into())));
        assert!(leads(|f| f.subject = Some("Ada Lovelace".into())));
        assert!(leads(|f| f.parent_id = Some([7; 16])));
        assert!(leads(|f| f.attributes = row().attributes));
        assert!(leads(|f| f.text = Some("fulfil order".into())));
        assert!(leads(|f| f.text = Some("ADA".into())));
        assert!(leads(|f| f.text = Some("billing 503".into())));
        assert!(leads(|f| f.text = Some("abababab-ab".into())));
        assert!(leads(|f| f.text = Some("-".into())));
    }

    #[test]
    fn other_values_lead_elsewhere() {
        assert!(!leads(|f| f.workflow = Some("other".into())));
        assert!(!leads(|f| f.subject = Some("Ada".to_owned() + "x")));
        assert!(!leads(|f| f.text = Some("abacabab".into())));
        assert!(!leads(
            |f| f.attributes = vec![("region".into(), "us".into())]
        ));
    }

    #[test]
    fn few_of_a_kind_are_looked_at_first() {
        let filter = InstanceFilter {
            statuses: vec!["completed".into()],
            subject: Some("Ada".into()),
            ..InstanceFilter::default()
        };
        assert_eq!(wanted(&filter, &kinds(10)), [of_kind(1), of_kind(2)]);
        assert_eq!(wanted(&filter, &kinds(1_000)), [of_word("ada")]);
    }

    #[test]
    fn a_correlation_id_that_is_an_id_leads_to_its_instance() {
        let mut own = row();
        own.correlation_id = store::id_text(&own.id);
        let mut terms = vec![];
        of_row(&own, 1, &mut terms);
        let filter = InstanceFilter {
            correlation_id: Some(own.correlation_id.clone()),
            ..InstanceFilter::default()
        };
        let wanted = wanted(&filter, &kinds(1_000_000));
        assert!(wanted.iter().any(|term| terms.contains(term)));
        assert!(filter.matches(&own));
    }
}
