//! The embedded store keeps the contract, with small files so that all of its machinery runs.

use std::cell::RefCell;

use store::conformance::{Harness, run};
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

async fn conforms(change: impl FnOnce(&mut Options)) {
    let mut options = Options {
        segment_bytes: 16 << 10,
        first_bytes: 4 << 10,
        ..Options::default()
    };
    change(&mut options);
    let folder = RefCell::new(folder());
    run(&Embedded { folder, options }).await;
}

#[tokio::test]
async fn the_embedded_store_conforms() {
    conforms(|_| ()).await;
}

#[tokio::test]
async fn it_conforms_with_buckets_of_an_hour() {
    conforms(|options| options.bucket_ms = 60 * 60 * 1000).await;
}

#[tokio::test]
async fn it_conforms_when_ended_instances_move_at_once() {
    conforms(|options| options.recent_bytes = 0).await;
}
