//! Rests between the pieces of a copy: commits use the same disk and the same processor.

use std::time::{Duration, Instant};

/// A rest is so many times as long as the piece before it took: a copy has a fifth of a core at most.
const RESTS: u32 = 4;
/// No rest is longer, so that a disk that stands still for a moment does not hold a copy up for minutes.
const LONGEST: Duration = Duration::from_secs(1);

/// How fast a store is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// With rests, so that commits keep most of their speed.
    Gentle,
    /// Without: nothing commits meanwhile, or what is not copied yet is the greater worry.
    Full,
}

/// The rests of one copy.
pub(crate) struct Rests {
    pace: Pace,
    began: Instant,
}

impl Rests {
    /// The first piece begins.
    pub(crate) fn at(pace: Pace) -> Self {
        let began = Instant::now();
        Self { pace, began }
    }

    /// Rests after a piece; the next one begins then.
    pub(crate) async fn rest(&mut self) {
        tokio::time::sleep(self.due()).await;
        self.began = Instant::now();
    }

    /// The same on a thread that may block.
    pub(crate) fn rest_blocking(&mut self) {
        std::thread::sleep(self.due());
        self.began = Instant::now();
    }

    fn due(&self) -> Duration {
        match self.pace {
            Pace::Gentle => rest_after(self.began.elapsed()),
            Pace::Full => Duration::ZERO,
        }
    }
}

fn rest_after(piece: Duration) -> Duration {
    piece.saturating_mul(RESTS).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_rests_four_times_as_long_as_it_works_and_never_for_long() {
        let ms = Duration::from_millis;
        for (piece, rest) in [(0, 0), (3, 12), (250, 1000), (60_000, 1000)] {
            assert_eq!(rest_after(ms(piece)), ms(rest));
        }
        assert_eq!(rest_after(Duration::MAX), LONGEST);
    }
}
