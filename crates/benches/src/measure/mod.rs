//! What is measured: a file each, and one table of them.

mod asking;
mod cases;
mod commits;
mod copies;
mod definition;
mod disk_use;
mod events;
mod fan_out;
mod genealogy;
mod history;
mod http_steps;
mod idle;
mod in_process;
mod instruction_counts;
mod lists;
mod long_history;
mod migration;
mod partitions;
mod peers;
mod per_step;
mod postgres;
mod purging;
mod recovery;
mod runs;
mod soak;
mod submit;
mod waiting;

mod purging_postgres {
    pub(super) use super::purging::run_on_postgres as run;
}

use std::future::Future;
use std::pin::Pin;

use anyhow::Result;

use crate::bench::Bench;
use crate::report::Section;

type Running<'a> = Pin<Box<dyn Future<Output = Result<Section>> + 'a>>;

/// One measurement.
pub(crate) struct Measurement {
    /// How it is called for short.
    pub(crate) letter: &'static str,
    /// Its name: in `--only`, in the file of figures, and at its place in the page.
    pub(crate) name: &'static str,
    /// What it measures.
    pub(crate) measures: &'static str,
    /// Measures it.
    pub(crate) run: fn(&Bench) -> Running<'_>,
}

/// A line of the table.
macro_rules! measurement {
    ($letter:literal, $name:literal, $module:ident, $measures:literal) => {
        Measurement {
            letter: $letter,
            name: $name,
            measures: $measures,
            run: |bench| Box::pin($module::run(bench)),
        }
    };
}

/// All of them, in the order in which they run.
pub(crate) const MEASUREMENTS: &[Measurement] = &[
    measurement!(
        "a",
        "in-process",
        in_process,
        "3 steps in process: throughput, and latency one at a time and at half load"
    ),
    measurement!(
        "b",
        "http-steps",
        http_steps,
        "3 HTTP steps to an echo service, beside the bare HTTP client"
    ),
    measurement!(
        "c",
        "submit",
        submit,
        "starts over HTTP, single and in batches"
    ),
    measurement!("d", "fan-out", fan_out, "a loop of 1,000 lanes"),
    measurement!(
        "e",
        "waiting",
        waiting,
        "waiting instances: memory, disk, start-up, and 10,000 timers in one second"
    ),
    measurement!(
        "f",
        "recovery",
        recovery,
        "kill -9 to ready, by open instances"
    ),
    measurement!(
        "g",
        "disk",
        disk_use,
        "disk of a finished workflow, history kept"
    ),
    measurement!("h", "idle", idle, "a server with nothing to do"),
    measurement!(
        "i",
        "lists",
        lists,
        "lists and searches over stored instances while load runs"
    ),
    measurement!(
        "j1",
        "partitions",
        partitions,
        "throughput by number of partitions"
    ),
    measurement!(
        "j2",
        "history",
        history,
        "cost of a step by length of the history"
    ),
    measurement!(
        "j3",
        "definition",
        definition,
        "cost of a step by size of the definition"
    ),
    measurement!(
        "k",
        "commits",
        commits,
        "commits and bytes of the journal beside the disk's own limit"
    ),
    measurement!("l", "soak", soak, "memory over ten minutes at saturation"),
    measurement!(
        "m",
        "peers",
        peers,
        "the same work on Restate and DBOS, taking turns with ours"
    ),
    measurement!(
        "n",
        "instructions",
        instruction_counts,
        "instructions of fixed workloads beside the numbers checked in"
    ),
    measurement!(
        "o",
        "postgres",
        postgres,
        "3 steps on PostgreSQL, one node and three, taking turns with DBOS on the same server"
    ),
    measurement!(
        "p",
        "copies",
        copies,
        "backups and the archive: what they cost commits, what a lost machine loses, the way back"
    ),
    measurement!(
        "t",
        "events",
        events,
        "events over HTTP: routed, kept, starting workflows, beside bare HTTP and journal"
    ),
    measurement!(
        "u",
        "genealogy",
        genealogy,
        "the graph of a correlation id and a subject's journey among 10,000,000 events"
    ),
    measurement!("q1", "purging", purging, "the disk under a small retention"),
    measurement!(
        "q2",
        "purging-postgres",
        purging_postgres,
        "the same on PostgreSQL"
    ),
    measurement!(
        "r",
        "long-history",
        long_history,
        "one instance with a million records: memory, and its state at any position"
    ),
    measurement!(
        "s",
        "migration",
        migration,
        "10,000 running instances go over to another version under load"
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_letters_are_unique() {
        let mut words: Vec<&str> = MEASUREMENTS
            .iter()
            .flat_map(|one| [one.letter, one.name])
            .collect();
        words.sort_unstable();
        let count = words.len();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
