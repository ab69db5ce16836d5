//! Windows of triggers: how many events together start one instance, or how often events start one.

use expression::Template;

/// Events that one window gathers at most, and starts that one window holds back at most.
pub const MAX_WINDOW_EVENTS: u32 = 10_000;

/// `debounce`, `batch` or `throttle` of a trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Events with the same key share a window; none: all events of the trigger do.
    pub key: Option<Template>,
    /// What it does with them.
    pub shape: WindowShape,
}

/// What a window does with its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowShape {
    /// It starts one instance when no event came for a while.
    Debounce {
        /// How long none must come, in milliseconds.
        quiet_ms: u64,
        /// How long it lasts at most from its first event, in milliseconds.
        max_ms: u64,
        /// Whether the instance starts with all events, or as the last one says.
        keep_all: bool,
    },
    /// It starts one instance with so many events, or with those of a time.
    Batch {
        /// So many, 1 to [`MAX_WINDOW_EVENTS`].
        max_size: u32,
        /// How long it lasts from its first event, in milliseconds.
        max_wait_ms: u64,
    },
    /// Each event starts an instance, but only so many in a time.
    Throttle {
        /// So many, 1 to [`MAX_WINDOW_EVENTS`].
        limit: u32,
        /// In so long, in milliseconds.
        per_ms: u64,
        /// Whether those above wait; else they start nothing.
        queue: bool,
    },
}

impl Window {
    /// Whether several events become one start, whose input is then made when the window closes.
    #[must_use]
    pub const fn gathers(&self) -> bool {
        !matches!(self.shape, WindowShape::Throttle { .. })
    }

    /// Whether its start has the data of all its events.
    #[must_use]
    pub const fn keeps_all(&self) -> bool {
        match self.shape {
            WindowShape::Debounce { keep_all, .. } => keep_all,
            WindowShape::Batch { .. } => true,
            WindowShape::Throttle { .. } => false,
        }
    }

    /// Its word in documents.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self.shape {
            WindowShape::Debounce { .. } => "debounce",
            WindowShape::Batch { .. } => "batch",
            WindowShape::Throttle { .. } => "throttle",
        }
    }
}
