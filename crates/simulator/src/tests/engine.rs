//! The engine alone.

use crate::model::{ModelPlan, run};

#[test]
fn many_seeds_find_nothing() {
    for seed in 0..400 {
        if let Err(finding) = run(seed, ModelPlan::default()) {
            panic!("seed {seed}: {finding}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_records() {
    for seed in 0..20 {
        let digest = || run(seed, ModelPlan::default()).map(|run| run.digest);
        assert_eq!(digest(), digest(), "seed {seed}");
    }
}

#[test]
fn an_old_result_that_is_taken_is_found() {
    let plan = ModelPlan {
        old_results_taken: true,
        ..ModelPlan::default()
    };
    let found = (0..50).filter_map(|seed| run(seed, plan).err()).next();
    let found = found.expect("the planted fault is found");
    let what = found.to_string();
    let named = ["was taken", "are at adapters"]
        .iter()
        .any(|part| what.contains(part));
    assert!(named, "{what}");
}
