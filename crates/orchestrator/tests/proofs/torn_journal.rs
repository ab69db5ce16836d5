//! The journal's last write, torn at every byte: the store opens, what was answered before is there, and everything
//! completes.
//!
//! A write that was torn was never answered, and nothing was projected from it. So the state is that of an earlier
//! moment, as it may be after a loss of power, beside the journal of a later one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter::NoSecrets;
use engine::{Id, Payload, Status};
use runtime::{Config, Consistency, Runtime, Submit, Surroundings, SystemClock};
use serde_json::json;
use store::{CountBy, InstanceFilter};
use store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

use crate::journal_file::JournalFile;
use crate::stage::{Server, copy_folder};

const DEFINITIONS: &str = "
adapters:
  - { name: local, type: builtin, default-action: echo }
workflow:
  name: three-steps
  version: 1.0.0
  trigger: { type: manual }
  timeout: 10m
  steps:
    - { id: one, adapter: local }
    - { id: two, adapter: local }
    - { id: three, adapter: local }
";

/// Starts before the state is put aside, and after it.
const BEFORE: usize = 4;
const AFTER: usize = 3;
/// How long a recovered instance may take to complete, in milliseconds.
const COMPLETES_WITHIN_MS: u64 = 20_000;

/// Folders of a store that was killed.
struct Killed {
    _dir: TempDir,
    /// All of an earlier moment.
    earlier: PathBuf,
    /// All of the last moment.
    last: PathBuf,
    journal: JournalFile,
    /// The blocks from here on were written after the earlier moment.
    new_from: usize,
}

/// What stands in the place of the bytes that were not written.
#[derive(Clone, Copy)]
enum Rest {
    /// The file ends there.
    Nothing,
    /// The space was laid out in advance.
    Zeros,
}

/// Runs workflows on the real binary and kills it twice.
async fn killed() -> Killed {
    let dir = TempDir::new().unwrap();
    let (data, logs) = (dir.path().join("data"), dir.path().join("logs"));
    let mut server = Server::serve(&data, &logs, &[("ORCHESTRATOR_PARTITIONS", "1")]).await;
    server.apply(DEFINITIONS).await;
    complete_some(&server, BEFORE).await;
    // A list waits until the state holds everything.
    assert_eq!(server.count("completed").await, BEFORE as u64);
    server.kill();
    let (earlier, last) = (dir.path().join("earlier"), dir.path().join("last"));
    copy_folder(&data, &earlier);
    server.start_again().await;
    complete_some(&server, AFTER).await;
    server.kill();
    copy_folder(&data, &last);
    let journal = JournalFile::last(&last);
    assert_eq!(
        journal.started_within(journal.bytes.len()).len(),
        BEFORE + AFTER
    );
    Killed {
        new_from: JournalFile::last(&earlier).blocks.len(),
        journal,
        earlier,
        last,
        _dir: dir,
    }
}

async fn complete_some(server: &Server, count: usize) {
    for number in 0..count {
        let body = json!({ "workflow": "three-steps", "input": { "number": number } });
        let request = server.post("/api/v1/workflows?wait=30s", &body);
        let answer = server.try_send(request).await.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.body["status"], "completed");
    }
}

impl Killed {
    /// A folder with that state and the journal's last file cut to so many bytes.
    fn cut(&self, state: &Path, length: usize, rest: Rest) -> TempDir {
        let dir = TempDir::new().unwrap();
        let journal = dir.path().join("journal");
        for entry in std::fs::read_dir(state).unwrap() {
            let path = entry.unwrap().path();
            let to = dir.path().join(path.file_name().unwrap());
            if path.is_file() {
                std::fs::copy(&path, to).unwrap();
            } else if !path.ends_with("journal") {
                copy_folder(&path, &to);
            }
        }
        std::fs::create_dir(&journal).unwrap();
        let mut bytes = self.journal.bytes[..length].to_vec();
        if let Rest::Zeros = rest {
            bytes.resize(self.journal.bytes.len() + 64, 0);
        }
        let name = self.journal.path.file_name().unwrap();
        std::fs::write(journal.join(name), bytes).unwrap();
        dir
    }

    /// Every length from a block's beginning to its end.
    fn every_byte_of(&self, block: usize) -> impl Iterator<Item = usize> {
        let block = &self.journal.blocks[block];
        block.begin..=block.end
    }

    /// The last new block that starts an instance.
    fn last_start(&self) -> usize {
        let starts = |block: &usize| !self.journal.blocks[*block].starts.is_empty();
        let new = self.new_from..self.journal.blocks.len();
        new.rev().find(starts).unwrap()
    }

    /// Opens a cut store and expects what the whole blocks hold, and no more, to complete.
    async fn check(&self, state: &Path, length: usize, rest: Rest) {
        let expected = self.journal.started_within(length);
        let folder = self.cut(state, length, rest);
        let runtime = open(folder.path()).await;
        expect_completed(&runtime, &expected, length).await;
        runtime.abort();
    }
}

async fn open(folder: &Path) -> Runtime {
    // Small files: each of very many openings lays one out.
    let options = Options {
        segment_bytes: 1 << 16,
        first_bytes: 1 << 12,
        ..Options::default()
    };
    let with = Surroundings {
        store: Arc::new(SqliteStore::open(folder, &options).unwrap()),
        kinds: adapters::registry(),
        clock: Arc::new(SystemClock),
        secrets: Arc::new(NoSecrets),
        cluster: None,
        seed: 1,
        log_filter: None,
        on_fatal: Arc::new(|reason| panic!("the runtime stopped: {reason}")),
    };
    Runtime::open(Config::embedded("dev", 1), with)
        .await
        .unwrap()
}

async fn expect_completed(runtime: &Runtime, expected: &[Id], length: usize) {
    for id in expected {
        let ended = runtime.wait_ended(*id, COMPLETES_WITHIN_MS).await;
        let ended = ended.unwrap_or_else(|error| panic!("cut to {length}: {id}: {error}"));
        assert_eq!(ended.status(), Status::Completed, "cut to {length}: {id}");
    }
    let all = InstanceFilter::default();
    let counted = runtime
        .count(&all, CountBy::Nothing, Consistency::Fresh)
        .await;
    let counted: u64 = counted
        .unwrap()
        .counts
        .iter()
        .map(|count| count.count)
        .sum();
    assert_eq!(counted, expected.len() as u64, "cut to {length}: instances");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_write_costs_nothing_that_was_answered() {
    let killed = killed().await;
    let blocks = killed.journal.blocks.len();
    for block in [blocks - 1, killed.last_start()] {
        for length in killed.every_byte_of(block) {
            killed.check(&killed.earlier, length, Rest::Nothing).await;
        }
        for length in killed.every_byte_of(block).step_by(5) {
            killed.check(&killed.earlier, length, Rest::Zeros).await;
        }
    }
    for block in killed.new_from..blocks {
        let block = &killed.journal.blocks[block];
        for length in [block.begin, block.begin + 1, block.end - 1, block.end] {
            killed.check(&killed.earlier, length, Rest::Nothing).await;
        }
    }
}

/// A state that is ahead of the journal: the disk kept it and lost what had been synced before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_was_projected_and_then_torn_is_not_missed() {
    let killed = killed().await;
    let last = killed.journal.blocks.len() - 1;
    let all = killed.journal.started_within(killed.journal.bytes.len());
    for length in killed.every_byte_of(last).step_by(40) {
        let folder = killed.cut(&killed.last, length, Rest::Nothing);
        let runtime = open(folder.path()).await;
        expect_completed(&runtime, &all, length).await;
        let more = start_one(&runtime).await;
        let all = [all.as_slice(), &[more]].concat();
        expect_completed(&runtime, &all, length).await;
        runtime.shutdown().await;
        let again = TempDir::new().unwrap();
        copy_folder(folder.path(), again.path());
        let runtime = open(again.path()).await;
        expect_completed(&runtime, &all, length).await;
        runtime.abort();
    }
}

async fn start_one(runtime: &Runtime) -> Id {
    let submit = Submit {
        workflow: "three-steps".to_owned(),
        input: Payload::null(),
        ..Submit::default()
    };
    runtime.submit(submit).await.unwrap().id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binary_opens_a_torn_journal() {
    let killed = killed().await;
    let block = killed.last_start();
    let (begin, end) = (
        killed.journal.blocks[block].begin,
        killed.journal.blocks[block].end,
    );
    for length in [begin, begin + 1, begin + 20, (begin + end) / 2, end - 1] {
        let folder = killed.cut(&killed.earlier, length, Rest::Nothing);
        let logs = TempDir::new().unwrap();
        let server = Server::serve(folder.path(), logs.path(), &[]).await;
        let expected = killed.journal.started_within(length);
        for id in &expected {
            server.until_status(&id.to_string(), "completed").await;
        }
        assert_eq!(server.count("completed").await, expected.len() as u64);
    }
}
