//! Tables made of documents, asked with events.

mod event;
mod explain;
mod index;
mod pools;
mod routes;
mod triggers;
