//! What a store does besides when everything in it moves to a store of another kind.

use async_trait::async_trait;

use crate::{Blob, BlobHash, Store, StoreError};

/// A store that can be moved from and to, at rest: no one else uses it meanwhile.
#[async_trait]
pub trait Movable: Store {
    /// Blobs in the order of their hashes, behind one of them, until `limit_bytes` is passed (at least
    /// one if there is one).
    async fn blobs(
        &self,
        after: Option<BlobHash>,
        limit_bytes: usize,
    ) -> Result<Vec<Blob>, StoreError>;

    /// Keeps blobs that came with no batch of this store. One that is there is left as it is.
    async fn put_blobs(&self, blobs: Vec<Blob>) -> Result<(), StoreError>;

    /// Gives the store an incarnation, durably; it holds from the next opening on.
    async fn begin_incarnation(&self, incarnation: u32) -> Result<(), StoreError>;
}
