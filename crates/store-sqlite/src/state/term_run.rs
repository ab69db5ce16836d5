//! Sorted runs of terms: each move into a bucket writes one, and several small ones are merged into
//! one, so that an index with random keys costs no random writes.
//!
//! An entry says that an instance has a term. Entries are ordered by term, creation and row; a page
//! holds those that follow each other, packed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::codec::{Reader, number};
use super::terms::Term;

/// Bytes of a page at most (an entry may go beyond): it fits into a leaf of the bucket's tree.
const PAGE_BYTES: usize = 3 << 10;
/// So many runs of one size are merged.
const FAN_IN: usize = 8;
/// Runs of this many entries are left alone: merging them would keep the writer too long.
const LARGE: usize = 1 << 19;
/// The smallest size that is told apart.
const SMALL: usize = 1 << 10;

/// An instance with a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) term: Term,
    pub(super) created_at: i64,
    /// Where the instance lies in the bucket.
    pub(super) row: i64,
}

/// Writes entries as a new run, then merges while there are many of one size.
pub(super) fn add(connection: &Connection, mut entries: Vec<Entry>) -> rusqlite::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    entries.sort_unstable();
    write(connection, entries.into_iter().map(Ok))?;
    while let Some(same) = many_of_one_size(connection)? {
        let merged = Merged::of(connection, &same)?;
        write(connection, merged)?;
        for run in same {
            connection
                .prepare_cached("DELETE FROM page WHERE run = ?1")?
                .execute([run])?;
            connection
                .prepare_cached("DELETE FROM run WHERE run = ?1")?
                .execute([run])?;
        }
    }
    Ok(())
}

fn write(
    connection: &Connection,
    entries: impl Iterator<Item = rusqlite::Result<Entry>>,
) -> rusqlite::Result<()> {
    let mut begin = connection.prepare_cached("INSERT INTO run (entries) VALUES (0)")?;
    let run = begin.insert([])?;
    let mut put = connection.prepare_cached("INSERT INTO page VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut put = |first: Entry, bytes: &[u8]| {
        put.execute(params![run, first.term, first.created_at, first.row, bytes])
    };
    let (mut page, mut count) = (Page::default(), 0_i64);
    for entry in entries {
        page.push(entry?);
        count += 1;
        if page.bytes.len() >= PAGE_BYTES {
            page.put(&mut put)?;
        }
    }
    page.put(&mut put)?;
    let mut end = connection.prepare_cached("UPDATE run SET entries = ?2 WHERE run = ?1")?;
    end.execute([run, count])?;
    Ok(())
}

/// Entries behind the first, each as the difference from the one before.
#[derive(Default)]
struct Page {
    first: Option<Entry>,
    last: Option<Entry>,
    bytes: Vec<u8>,
}

impl Page {
    fn push(&mut self, entry: Entry) {
        let Some(last) = self.last.replace(entry) else {
            self.first = Some(entry);
            return;
        };
        let terms = entry.term.wrapping_sub(last.term);
        number(&mut self.bytes, terms as u64);
        number(
            &mut self.bytes,
            zigzag(entry.created_at.wrapping_sub(last.created_at)),
        );
        number(&mut self.bytes, zigzag(entry.row.wrapping_sub(last.row)));
    }

    fn put(
        &mut self,
        put: &mut impl FnMut(Entry, &[u8]) -> rusqlite::Result<usize>,
    ) -> rusqlite::Result<()> {
        if let Some(first) = self.first.take() {
            put(first, &self.bytes)?;
        }
        self.last = None;
        self.bytes.clear();
        Ok(())
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Vec<Entry>> {
        let mut last = Entry {
            term: row.get(0)?,
            created_at: row.get(1)?,
            row: row.get(2)?,
        };
        let mut entries = vec![last];
        let mut reader = Reader {
            rest: bytes::Bytes::copy_from_slice(row.get_ref(3)?.as_blob()?),
        };
        while !reader.rest.is_empty() {
            let mut next = || reader.number().ok_or(rusqlite::Error::InvalidQuery);
            last = Entry {
                term: last.term.wrapping_add(next()? as i64),
                created_at: last.created_at.wrapping_add(unzigzag(next()?)),
                row: last.row.wrapping_add(unzigzag(next()?)),
            };
            entries.push(last);
        }
        Ok(entries)
    }
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// The runs of the smallest size of which there are many.
fn many_of_one_size(connection: &Connection) -> rusqlite::Result<Option<Vec<i64>>> {
    let mut sizes: std::collections::BTreeMap<u32, Vec<i64>> = Default::default();
    let mut statement = connection.prepare_cached("SELECT run, entries FROM run")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let entries = row.get::<_, i64>(1)? as usize;
        if entries < LARGE {
            let size = (entries / SMALL)
                .checked_ilog(FAN_IN)
                .map_or(0, |log| log + 1);
            sizes.entry(size).or_default().push(row.get(0)?);
        }
    }
    Ok(sizes.into_values().find(|runs| runs.len() >= FAN_IN))
}

/// The numbers of all runs.
pub(super) fn runs(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached("SELECT run FROM run")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Several runs as one, in order.
struct Merged<'a> {
    connection: &'a Connection,
    /// The next entry of each run, and which run it is.
    heads: BinaryHeap<Reverse<(Entry, usize)>>,
    runs: Vec<(i64, std::vec::IntoIter<Entry>)>,
}

impl<'a> Merged<'a> {
    fn of(connection: &'a Connection, runs: &[i64]) -> rusqlite::Result<Self> {
        let runs: Vec<_> = runs.iter().map(|run| (*run, vec![].into_iter())).collect();
        let mut merged = Self {
            connection,
            heads: BinaryHeap::new(),
            runs,
        };
        let first = Entry {
            term: i64::MIN,
            created_at: i64::MIN,
            row: i64::MIN,
        };
        for place in 0..merged.runs.len() {
            merged.turn_page(place, first)?;
        }
        Ok(merged)
    }

    /// Takes the page that begins after an entry.
    fn turn_page(&mut self, place: usize, after: Entry) -> rusqlite::Result<()> {
        let sql = "SELECT term, created_at, row, bytes FROM page \
                   WHERE run = ?1 AND (term, created_at, row) > (?2, ?3, ?4) \
                   ORDER BY run, term, created_at, row LIMIT 1";
        let (run, entries) = &mut self.runs[place];
        let mut statement = self.connection.prepare_cached(sql)?;
        let key = params![*run, after.term, after.created_at, after.row];
        let page = statement.query_row(key, Page::read).optional()?;
        *entries = page.unwrap_or_default().into_iter();
        if let Some(entry) = entries.next() {
            self.heads.push(Reverse((entry, place)));
        }
        Ok(())
    }

    fn advance(&mut self) -> rusqlite::Result<Option<Entry>> {
        let Some(Reverse((entry, place))) = self.heads.pop() else {
            return Ok(None);
        };
        match self.runs[place].1.next() {
            Some(next) => self.heads.push(Reverse((next, place))),
            None => self.turn_page(place, entry)?,
        }
        Ok(Some(entry))
    }
}

impl Iterator for Merged<'_> {
    type Item = rusqlite::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

/// The entries of some terms over all runs, newest first by creation.
pub(super) struct NewestFirst<'a> {
    connection: &'a Connection,
    /// The next entry of each run and term: its creation and row, and which of `lanes` it is.
    heads: BinaryHeap<(i64, i64, usize)>,
    lanes: Vec<Lane>,
    last: Option<i64>,
}

/// One term in one run.
struct Lane {
    run: i64,
    term: Term,
    /// What is left of the page in hand, oldest first.
    entries: Vec<Entry>,
    /// The page's first entry.
    first: Entry,
}

impl<'a> NewestFirst<'a> {
    /// Entries created at or before `upto`.
    pub(super) fn of(
        connection: &'a Connection,
        terms: &[Term],
        upto: i64,
    ) -> rusqlite::Result<Self> {
        let mut found = Self {
            connection,
            heads: BinaryHeap::new(),
            lanes: vec![],
            last: None,
        };
        for run in runs(connection)? {
            for term in terms {
                found.open(run, *term, upto)?;
            }
        }
        Ok(found)
    }

    fn open(&mut self, run: i64, term: Term, upto: i64) -> rusqlite::Result<()> {
        let end = Entry {
            term,
            created_at: upto,
            row: i64::MAX,
        };
        let sql = "SELECT term, created_at, row, bytes FROM page \
                   WHERE run = ?1 AND (term, created_at, row) <= (?2, ?3, ?4) \
                   ORDER BY run DESC, term DESC, created_at DESC, row DESC LIMIT 1";
        if let Some(lane) = self.lane(sql, run, term, end)? {
            self.lanes.push(lane);
            self.show(self.lanes.len() - 1);
        }
        Ok(())
    }

    /// The lane's page that a statement finds, up to an entry.
    fn lane(&self, sql: &str, run: i64, term: Term, upto: Entry) -> rusqlite::Result<Option<Lane>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let key = params![run, upto.term, upto.created_at, upto.row];
        let Some(mut entries) = statement.query_row(key, Page::read).optional()? else {
            return Ok(None);
        };
        let first = entries[0];
        entries.truncate(entries.partition_point(|entry| *entry <= upto));
        entries.drain(..entries.partition_point(|entry| entry.term < term));
        let lane = Lane {
            run,
            term,
            entries,
            first,
        };
        Ok(Some(lane).filter(|lane| !lane.entries.is_empty()))
    }

    fn show(&mut self, place: usize) {
        if let Some(entry) = self.lanes[place].entries.last() {
            self.heads.push((entry.created_at, entry.row, place));
        }
    }

    fn advance(&mut self) -> rusqlite::Result<Option<(i64, i64)>> {
        while let Some((created_at, row, place)) = self.heads.pop() {
            let lane = &mut self.lanes[place];
            lane.entries.pop();
            let (run, term, first) = (lane.run, lane.term, lane.first);
            if lane.entries.is_empty() && first.term == term {
                let sql = "SELECT term, created_at, row, bytes FROM page \
                           WHERE run = ?1 AND (term, created_at, row) < (?2, ?3, ?4) \
                           ORDER BY run DESC, term DESC, created_at DESC, row DESC LIMIT 1";
                if let Some(before) = self.lane(sql, run, term, first)? {
                    self.lanes[place] = before;
                }
            }
            self.show(place);
            // One with two of the terms comes twice, one right after the other.
            if self.last != Some(row) {
                self.last = Some(row);
                return Ok(Some((created_at, row)));
            }
        }
        Ok(None)
    }
}

impl Iterator for NewestFirst<'_> {
    /// Creation and row.
    type Item = rusqlite::Result<(i64, i64)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::state::schema;

    fn entry(term: Term, created_at: i64, row: i64) -> Entry {
        Entry {
            term,
            created_at,
            row,
        }
    }

    fn newest(connection: &Connection, terms: &[Term], upto: i64) -> Vec<(i64, i64)> {
        let found = NewestFirst::of(connection, terms, upto).unwrap();
        found.collect::<rusqlite::Result<_>>().unwrap()
    }

    /// Many runs of many sizes answer as a set of all their entries does, before and after merges.
    #[test]
    fn runs_answer_as_one_set_of_entries() {
        let connection = Connection::open_in_memory().unwrap();
        schema::create_bucket(&connection).unwrap();
        let mut all = BTreeSet::new();
        let mut row = 0;
        for size in [1, 7, 3_000, 2, 900].into_iter().cycle().take(60) {
            let mut entries = vec![];
            for _ in 0..size {
                row += 1;
                let created_at = row * 31 % 1_000 - 500;
                for term in [0, 1 + row % 3, (1 << 46) + row * 7_919 % 100_003] {
                    entries.push(entry(term, created_at, row));
                    all.insert(entry(term, created_at, row));
                }
            }
            add(&connection, entries).unwrap();
        }
        assert!(runs(&connection).unwrap().len() < 3 * FAN_IN, "merged");
        let expected = |terms: &[Term], upto: i64| {
            let of = |e: &&Entry| terms.contains(&e.term) && e.created_at <= upto;
            let found: BTreeSet<_> = all
                .iter()
                .filter(of)
                .map(|e| (e.created_at, e.row))
                .collect();
            found.into_iter().rev().collect::<Vec<_>>()
        };
        let rare = (1 << 46) + 77 * 7_919 % 100_003;
        for (terms, upto) in [
            (&[0][..], i64::MAX),
            (&[0], -100),
            (&[1], 3),
            (&[1, 3], i64::MAX),
            (&[0, 2], 50),
            (&[rare], i64::MAX),
            (&[rare, 1], 0),
            (&[rare + 1, -1, i64::MAX], i64::MAX),
        ] {
            assert_eq!(
                newest(&connection, terms, upto),
                expected(terms, upto),
                "{terms:?} {upto}"
            );
        }
    }
}
