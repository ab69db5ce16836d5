//! The connections between the nodes of a cluster: one HTTP/2 request each way of a pair, whose body
//! and answer are streams of frames for as long as both live. Before anything else each side proves
//! that it knows the cluster's secret, which itself never travels.

mod client;
mod frames;
mod proof;
mod route;

pub(crate) use client::HttpPeers;
pub(crate) use proof::ClusterSecret;
pub(crate) use route::{PATH, link};
