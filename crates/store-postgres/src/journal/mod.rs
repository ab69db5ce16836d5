//! The journal: the fence, the tables of batches, and what becomes of an append.

mod append;
mod head;
mod lane;
mod read;
mod segments;
mod trim;

pub(crate) use head::take_over;
pub(crate) use lane::{Lane, Request};
pub(crate) use read::{blob, read};
pub(crate) use segments::Segments;
pub(crate) use trim::trim;
