//! All chance of a run, from its seed.

use engine::Entropy;

/// A seeded source of choices. Two parts of a run that draw from forks do not disturb each other.
#[derive(Clone, Debug)]
pub struct Random(Entropy);

impl Random {
    /// The source of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(Entropy::new(seed))
    }

    /// A source of its own for one part of the run.
    pub fn fork(&mut self) -> Self {
        Self::new(self.0.next_u64())
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.up_to(high.saturating_sub(low))
    }

    /// A count from `low` to `high`, both included.
    pub fn count(&mut self, low: usize, high: usize) -> usize {
        usize::try_from(self.between(low as u64, high as u64)).unwrap_or(high)
    }

    /// True so many times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.0.next_u64() % 100 < percent
    }

    /// One of these; there must be at least one.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    /// A place in a list of so many, which must be at least one.
    pub fn index(&mut self, len: usize) -> usize {
        self.count(0, len.saturating_sub(1))
    }

    /// A place among choices by their weights, which must not all be zero.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.0.next_u64() % weights.iter().sum::<u64>().max(1);
        for (place, weight) in weights.iter().enumerate() {
            if left < *weight {
                return place;
            }
            left -= weight;
        }
        weights.len() - 1
    }
}
