//! The in-memory store keeps the contract.

use std::cell::RefCell;

use store::MemoryStore;
use store::conformance::{Harness, run, run_cluster};

#[derive(Default)]
struct Memory {
    present: RefCell<MemoryStore>,
}

impl Harness for Memory {
    type Store = MemoryStore;

    async fn open(&self) -> MemoryStore {
        self.present.borrow().clone()
    }

    fn begin_anew(&self) {
        self.present.replace(MemoryStore::new());
    }
}

#[tokio::test]
async fn the_memory_store_conforms() {
    run(&Memory::default()).await;
    run_cluster(&Memory::default()).await;
}
