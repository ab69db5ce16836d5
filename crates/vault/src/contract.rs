//! What every vault does.

use async_trait::async_trait;
use bytes::Bytes;

use crate::VaultError;

/// An object that is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// A place for objects. Calls never block the async runtime.
#[async_trait]
pub trait Vault: Send + Sync + 'static {
    /// The address as it was given, without secrets.
    fn place(&self) -> &str;

    /// Makes an object durable, over one of the same name.
    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), VaultError>;

    /// An object's bytes; none if there is no such object.
    async fn get(&self, name: &str) -> Result<Option<Bytes>, VaultError>;

    /// All objects whose names begin with a prefix that ends in a slash, in the order of names.
    async fn list(&self, prefix: &str) -> Result<Vec<Object>, VaultError>;
}
