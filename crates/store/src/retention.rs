//! How long ended instances are kept: what goes together lies together.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The rule under which an ended instance is kept, by name. A store files the instances of one
/// rule and one span of time together, so that they can be dropped together. The empty name is the
/// rule of all that no other one is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RetentionClass(Arc<str>);

impl RetentionClass {
    /// The class of this name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Until when ended instances are no longer kept, class by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// What ended before this time (milliseconds since the epoch) goes; with none, nothing does.
    pub classes: BTreeMap<RetentionClass, Option<i64>>,
    /// The same for classes that are not named there.
    pub others: Option<i64>,
}

impl Expiry {
    /// The same time for every class.
    pub fn all(before: i64) -> Self {
        Self {
            others: Some(before),
            ..Self::default()
        }
    }

    /// Whether what ended before `end` is no longer kept.
    pub fn is_over(&self, class: &RetentionClass, end: i64) -> bool {
        let before = self.classes.get(class).copied().unwrap_or(self.others);
        before.is_some_and(|before| end <= before)
    }

    /// Nothing that ended at or after this time goes; none: nothing at all does.
    pub fn latest(&self) -> Option<i64> {
        let times = self.classes.values().copied().chain([self.others]);
        times.flatten().max()
    }
}

/// What was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Buckets of ended instances.
    pub buckets: u64,
    /// The instances in them.
    pub instances: u64,
    /// What they took on the disk, in bytes; 0 where there is no disk.
    pub bytes: u64,
}

impl std::ops::AddAssign for Dropped {
    fn add_assign(&mut self, other: Self) {
        self.buckets += other.buckets;
        self.instances += other.instances;
        self.bytes += other.bytes;
    }
}
