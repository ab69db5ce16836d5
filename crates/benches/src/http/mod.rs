//! A small HTTP/1.1 client that keeps its connections. The load shares two cores with what is measured, so a request
//! costs no more here than one write and a look at the answer's head.

mod answer;
mod connection;
mod request;

pub(crate) use answer::Answer;
pub(crate) use connection::Connection;
pub(crate) use request::{get, post};
