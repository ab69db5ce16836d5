//! How often the world fails, drawn once per run.

use crate::random::Random;

/// Chances in a hundred, unless said otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// An append is slow.
    pub(super) slow_append: u64,
    /// An append's outcome is unknown: it was lost.
    pub(super) append_lost: u64,
    /// An append's outcome is unknown: it was done.
    pub(super) append_done: u64,
    /// The store takes no append for now.
    pub(super) append_unavailable: u64,
    /// Another process takes the partition over.
    pub(super) fenced: u64,
    /// The storage fails under an append.
    pub(super) append_io: u64,
    /// A projection is slow.
    pub(super) slow_project: u64,
    /// The store takes no projection for now.
    pub(super) project_unavailable: u64,
    /// The storage fails under a projection.
    pub(super) project_io: u64,
    /// A read is not answered for now.
    pub(super) read_unavailable: u64,
    /// No checkpoint can be made for now.
    pub(super) checkpoint_unavailable: u64,
    /// The process ends at an append, a projection or a checkpoint, in a thousand.
    pub(super) crash: u64,
    /// With the process the power goes.
    pub(super) power_loss: u64,
    /// Adapters misbehave.
    pub(super) adapter: u64,
}

impl Faults {
    /// Some kinds of faults, each as often as it will be in this run.
    pub(super) fn draw(random: &mut Random) -> Self {
        let mut some = |likely: u64, most: u64| {
            if random.chance(likely) {
                random.between(1, most)
            } else {
                0
            }
        };
        Self {
            slow_append: some(50, 40),
            append_lost: some(40, 10),
            append_done: some(40, 10),
            append_unavailable: some(30, 8),
            fenced: some(15, 2),
            append_io: some(15, 1),
            slow_project: some(50, 60),
            project_unavailable: some(30, 15),
            project_io: some(10, 2),
            read_unavailable: some(30, 10),
            checkpoint_unavailable: some(30, 30),
            crash: some(60, 40),
            power_loss: some(60, 80),
            adapter: some(85, 60),
        }
    }

    /// The same for several nodes: whole nodes fall in a storm of their own, and the power stays.
    pub(super) fn draw_for_cluster(random: &mut Random) -> Self {
        let drawn = Self::draw(random);
        Self {
            crash: drawn.crash / 10,
            power_loss: 0,
            fenced: drawn.fenced.min(1),
            append_io: 0,
            project_io: 0,
            ..drawn
        }
    }
}
