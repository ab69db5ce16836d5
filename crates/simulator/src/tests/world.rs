//! The runtime in its world.

use crate::Finding;
use crate::world::{Planted, WorldPlan, WorldRun, run};

#[test]
fn many_seeds_find_nothing() {
    for seed in 0..150 {
        if let Err(finding) = run(seed, WorldPlan::default()) {
            panic!("seed {seed}: {finding}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..12 {
        let digest = || run(seed, WorldPlan::default()).map(|run| run.digest);
        assert_eq!(digest(), digest(), "seed {seed}");
    }
}

/// The first finding of a world under a planted fault; it must say one of these things.
pub(super) fn first_finding(
    run: fn(u64, WorldPlan) -> Result<WorldRun, Finding>,
    planted: Planted,
    expected: &[&str],
) {
    let plan = WorldPlan {
        planted: Some(planted),
        ..WorldPlan::default()
    };
    // What is planted may show in other ways first: it is this way that has to be seen.
    let mut found = (0..500).filter_map(|seed| run(seed, plan).err());
    let mut last = String::new();
    let fits = |Finding(what)| {
        last = what;
        expected.iter().any(|part| last.contains(part))
    };
    assert!(found.any(fits), "{planted:?} was found at last as: {last}");
}

fn check(planted: Planted, expected: &[&str]) {
    first_finding(run, planted, expected);
}

#[test]
fn an_effect_before_its_commit_is_found() {
    let early = ["before it was durable", "is durable"];
    check(Planted::EarlyRelease, &early);
}

#[test]
fn a_lost_timer_is_found() {
    check(Planted::LostTimer, &["never ends"]);
}

#[test]
fn a_blob_that_was_swept_too_soon_is_found() {
    check(
        Planted::UnnamedBlobs,
        &["a blob that it names is not there", "never ends"],
    );
}

#[test]
fn a_timer_without_a_row_is_found_by_the_proof() {
    check(Planted::LostTimer, &["is set, but has no row"]);
}

#[test]
fn a_double_apply_is_found() {
    check(
        Planted::DoubleApply,
        &[
            "expected seq",
            "differ",
            "outstanding",
            "before it was durable",
            "was shown",
            "a stale read",
        ],
    );
}

#[test]
fn trimming_past_a_synced_state_is_found() {
    check(
        Planted::TrimPastSynced,
        &["journal begins", "does not open"],
    );
}

#[test]
fn a_kept_output_whose_time_is_over_is_found() {
    check(Planted::StaleOutputs, &["that is not kept under"]);
}

#[test]
fn an_old_generations_result_is_found() {
    check(Planted::OldGeneration, &["took the result of"]);
}
