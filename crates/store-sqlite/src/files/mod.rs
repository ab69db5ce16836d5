//! The journal's view of a folder: few operations, so that a test can stand in for the disk and
//! lose, tear or refuse any of them.

#[cfg(test)]
mod fault;
mod real;

use std::io;
use std::sync::Arc;

#[cfg(test)]
pub(crate) use fault::{Fault, FaultyFiles};
pub use real::RealFiles;

/// One folder of files.
pub trait Files: Send + Sync + 'static {
    /// The names in the folder, in no order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// A new, empty file; one of that name is emptied.
    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>>;
    /// A file that is there.
    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>>;
    /// Gives a file another name, replacing what bears it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file; handles that are open still read it.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations, renames and removals durable.
    fn sync_folder(&self) -> io::Result<()>;
}

/// One file.
pub trait StoredFile: Send + Sync {
    /// Its length in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Fills the whole buffer from an offset; a short file is an error.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
    /// Writes all bytes at an offset, lengthening the file if need be.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Makes everything written to the file durable.
    fn sync(&self) -> io::Result<()>;
}
