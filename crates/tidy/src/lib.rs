//! Rules about the repository itself, which its tests enforce: who may depend on whom, how large files and functions
//! get, which licences come in, and what must be absent.
//!
//! The rules are in `tests/`; this library is what they look at the repository with. What is known and tolerated
//! stands in `tidy-ratchet.txt`, which may only get shorter, and in `allowed-sleeps.txt`, with a reason each.

pub mod functions;
pub mod licence;
pub mod links;
pub mod metadata;
pub mod ratchet;
pub mod repository;
pub mod source;
