//! What a step costs by the length of the instance's history: a loop with more and more rounds, one step each.

use anyhow::Result;

use super::per_step::{Case, plot, table};
use crate::bench::Bench;
use crate::load::{Expect, Requests, Shape, Steady, Until, counted};
use crate::report::Section;

const ROUNDS: &str = include_str!("../workflows/rounds.yaml");
const LENGTHS: &[u64] = &[10, 100, 1_000, 10_000];
const QUICK_LENGTHS: &[u64] = &[10, 100, 1_000];
const SHAPE: Shape = Shape::single(8);

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let lengths = bench.scaled(LENGTHS, QUICK_LENGTHS);
    let mut cases: Vec<Case> = lengths.iter().copied().map(Case::of).collect();
    for repeat in 0..bench.options.repeats {
        for case in &mut cases {
            let sample = once(bench, case.steps).await?;
            let rate = sample.per_second * case.steps as f64;
            bench.tell(
                &format!("{} rounds", case.steps),
                repeat,
                &format!("{rate:.0} steps/s"),
            );
            case.samples.push(sample);
        }
    }
    let title = "A step's cost by the length of the history";
    Ok(Section::of(&cases)?
        .table(table("rounds of the loop", &cases))
        .plot(plot("history", title, "rounds", &cases)))
}

/// About as many steps whatever the length, and at least one instance on each connection.
async fn once(bench: &Bench, rounds: u64) -> Result<Steady> {
    let stage = bench.stage(ROUNDS).await?;
    let item = |_| format!(r#"{{"workflow":"rounds","input":{{"rounds":{rounds}}}}}"#);
    let requests = Requests::with(SHAPE.batch, Expect::Completed, item);
    let steps: u64 = bench.scaled(200_000, 8_000);
    let instances = (steps / rounds).max(SHAPE.connections as u64);
    counted(
        &stage.served,
        SHAPE,
        &requests,
        Until::Sent(instances as usize),
    )
    .await
}
