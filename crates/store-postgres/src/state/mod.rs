//! The state: instances with their families, open or in the bucket of the time they ended, and the
//! keyed tables.

mod blobs;
mod buckets;
mod conditions;
mod count;
mod homes;
mod keyed;
mod kinds;
mod list;
mod lookup;
mod parts;
mod project;
mod retention;
mod rows;
mod settle;
mod write;

pub(crate) use blobs::{hash, sweep};
pub(crate) use buckets::BucketSpan;
pub(crate) use count::count;
pub(crate) use keyed::{get_many, scan};
pub(crate) use list::list;
pub(crate) use lookup::{history, instance};
pub(crate) use project::{Epochs, project};
pub(crate) use retention::{close_buckets, drop_ended};
