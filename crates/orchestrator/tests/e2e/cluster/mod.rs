//! Three nodes of the real binary on one real database, under load and under fire.

mod catalog;
mod failover;
mod load;
mod nodes;
mod refusals;
mod restart;
mod streams;
mod takeover;
