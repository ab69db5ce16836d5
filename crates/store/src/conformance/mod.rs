//! One suite that every store passes.
//!
//! [`run`] takes a function that opens the same store again and again: each check starts from an
//! empty store, and opens it a second time to see what lasted.

mod blobs;
mod cluster;
mod fence;
mod instances;
mod journal;
mod keyed;
mod lists;
mod model;
mod pause;
mod retention;
mod sample;
mod sizes;

use std::future::Future;

use crate::Store;

pub use cluster::checks as run_cluster;
pub use model::random_lives;

/// Opens stores. Between two calls of `open` the suite drops the handle before.
pub trait Harness {
    /// The store's type.
    type Store: Store;

    /// Opens the present store.
    fn open(&self) -> impl Future<Output = Self::Store>;

    /// From now on `open` means a new, empty store.
    fn begin_anew(&self);
}

/// Runs every check.
///
/// # Panics
/// When the store does not keep the contract.
pub async fn run(harness: &impl Harness) {
    fence::checks(harness).await;
    journal::checks(harness).await;
    keyed::checks(harness).await;
    instances::checks(harness).await;
    lists::checks(harness).await;
    retention::checks(harness).await;
    blobs::checks(harness).await;
    pause::checks(harness).await;
    sizes::checks(harness).await;
}
