//! Vaults: folders and S3 buckets that copies of a store are kept in, as objects of bounded size under
//! names with slashes. An object is there wholly or not at all, and lasts once it was put.

mod address;
mod contract;
mod error;
mod folder;
mod s3;

pub use address::open;
pub use contract::{Object, Vault};
pub use error::VaultError;
