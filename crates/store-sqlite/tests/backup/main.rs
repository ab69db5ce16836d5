//! Copies of a store in use, and the way back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod archive;
mod damage;
mod whole;
mod world;
