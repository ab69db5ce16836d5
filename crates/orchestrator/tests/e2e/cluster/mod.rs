//! Three nodes of the real binary on one real database, under load and under fire.

mod breakers;
mod catalog;
mod chaos;
mod events;
mod failover;
mod limits;
mod load;
mod nodes;
mod operations;
mod proxy;
mod refusals;
mod restart;
mod service;
mod streams;
mod switches;
mod takeover;
mod waits;
mod windows;
mod wire;
