//! One measurement in several shapes of load, each repeated.

use anyhow::Result;
use serde::Serialize;

use crate::bench::Bench;
use crate::load::Shape;

/// What one shape of load showed.
#[derive(Serialize)]
pub(super) struct Case<S> {
    pub(super) shape: String,
    pub(super) samples: Vec<S>,
}

/// Measures each shape in turn, as often as is asked for; `told` says a sample in a few words.
pub(super) async fn cases<S, const N: usize>(
    bench: &Bench,
    shapes: [Shape; N],
    sample: impl AsyncFn(Shape) -> Result<S>,
    told: impl Fn(&S) -> String,
) -> Result<[Case<S>; N]> {
    let mut cases = shapes.map(|shape| Case {
        shape: shape.name(),
        samples: Vec::new(),
    });
    for repeat in 0..bench.options.repeats {
        for (case, shape) in cases.iter_mut().zip(shapes) {
            let sample = sample(shape).await?;
            bench.tell(&case.shape, repeat, &told(&sample));
            case.samples.push(sample);
        }
    }
    Ok(cases)
}
