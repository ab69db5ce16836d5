//! The embedded store keeps the contract, with small files so that all of its machinery runs.

use std::cell::RefCell;

use store::conformance::{Harness, random_lives, run};
use store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

struct Embedded {
    folder: RefCell<TempDir>,
    options: Options,
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

impl Harness for Embedded {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.folder.borrow().path(), &self.options).expect("an open store")
    }

    fn begin_anew(&self) {
        self.folder.replace(folder());
    }
}

fn embedded(change: impl FnOnce(&mut Options)) -> Embedded {
    let mut options = Options {
        segment_bytes: 16 << 10,
        first_bytes: 4 << 10,
        ..Options::default()
    };
    change(&mut options);
    let folder = RefCell::new(folder());
    Embedded { folder, options }
}

#[tokio::test]
async fn the_embedded_store_conforms() {
    run(&embedded(|_| ())).await;
}

#[tokio::test]
async fn it_conforms_with_buckets_of_an_hour() {
    run(&embedded(|options| options.bucket_ms = 60 * 60 * 1000)).await;
}

#[tokio::test]
async fn it_conforms_when_ended_instances_move_at_once() {
    run(&embedded(|options| options.recent_bytes = 0)).await;
}

#[tokio::test]
async fn it_agrees_with_the_store_in_memory_on_random_lives() {
    random_lives(&embedded(|_| ()), 0..10).await;
}
