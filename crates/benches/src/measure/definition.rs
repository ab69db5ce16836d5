//! What a step costs by the size of the definition: a list of more and more steps, each run once.

use std::fmt::Write as _;

use anyhow::Result;

use super::per_step::{Case, plot, table};
use crate::bench::Bench;
use crate::load::{Expect, Requests, Shape, Steady, steady};
use crate::report::Section;

const SIZES: [u64; 3] = [3, 30, 300];
const SHAPE: Shape = Shape::batches(4, 16);

/// Measures it.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let mut cases = SIZES.map(Case::of);
    for repeat in 0..bench.options.repeats {
        for case in &mut cases {
            let sample = once(bench, case.steps).await?;
            let rate = sample.per_second * case.steps as f64;
            bench.tell(
                &format!("{} steps", case.steps),
                repeat,
                &format!("{rate:.0} steps/s"),
            );
            case.samples.push(sample);
        }
    }
    let title = "A step's cost by the size of the definition";
    Ok(Section::of(&cases)?
        .table(table("steps of the definition", &cases))
        .plot(plot("definition", title, "steps", &cases)))
}

async fn once(bench: &Bench, steps: u64) -> Result<Steady> {
    let stage = bench.stage(&documents(steps)).await?;
    let requests = Requests::new("long", SHAPE, Expect::Completed);
    steady(&stage.served, SHAPE, &requests, bench.short_times()).await
}

fn documents(steps: u64) -> String {
    let mut text = String::from(
        "adapters:\n  - { name: in-process, type: builtin, default-action: echo, concurrency: 4096 }\n---\n\
         workflow:\n  name: long\n  version: 1.0.0\n  timeout: 1h\n  steps:\n",
    );
    for step in 1..=steps {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "    - {{ id: step-{step}, adapter: in-process, input: {{ order: \"${{ input.order }}\" }} }}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_are_valid() {
        let files = vec![("long.yaml".to_owned(), documents(30).into_bytes())];
        let (_, found) = definition::ResourceSet::parse(files);
        assert!(found.is_empty(), "{found:?}");
    }
}
