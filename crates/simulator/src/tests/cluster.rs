//! Several nodes on one store.

use super::world::first_finding;
use crate::world::{Planted, WorldPlan, run_cluster};

#[test]
fn many_seeds_find_nothing() {
    for seed in 0..100 {
        if let Err(finding) = run_cluster(seed, WorldPlan::default()) {
            panic!("seed {seed}: {finding}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..6 {
        let digest = || run_cluster(seed, WorldPlan::default()).map(|run| run.digest);
        assert_eq!(digest(), digest(), "seed {seed}");
    }
}

fn check(planted: Planted, expected: &[&str]) {
    first_finding(run_cluster, planted, expected);
}

#[test]
fn two_writers_of_one_position_are_found() {
    check(Planted::NoFence, &["two writers"]);
}

#[test]
fn a_lost_acknowledged_batch_is_found() {
    let lost = [
        "is durable",
        "before it was durable",
        "was taken, where",
        "expected seq",
    ];
    check(Planted::ForgottenBatch, &lost);
}

#[test]
fn a_key_that_starts_two_instances_is_found() {
    check(Planted::ForgottenKeys, &["stands for"]);
}

#[test]
fn a_stale_read_is_found() {
    check(Planted::StoppedClock, &["a stale"]);
}

#[test]
fn a_stream_with_a_record_missing_is_found() {
    check(Planted::LostFrames, &["a stream gave"]);
}

#[test]
fn a_partition_that_nobody_takes_over_is_found() {
    check(Planted::GhostLease, &["do not settle"]);
}

#[test]
fn a_node_with_a_wrong_clock_that_owns_something_is_found() {
    check(Planted::UntoldClock, &["whose clock is"]);
}
