//! Test cases of workflows: each runs on the runtime itself, with a store in memory, mocked adapters, and time that is
//! skipped wherever the workflow waits.

#![forbid(unsafe_code)]

mod compare;
mod junit;
mod mocks;
mod people;
mod play;
mod report;

pub use junit::junit;
pub use play::run;
pub use report::CaseReport;
