//! Which format of the journal all nodes read: those that live, and those that were there a while ago.

use std::collections::BTreeMap;

/// When nodes that read no newer format than this were last seen to live, by the boot-time clock.
#[derive(Default)]
pub(super) struct Formats(BTreeMap<u32, u64>);

impl Formats {
    /// Notes what the nodes that live read; answers the newest format that they and all that were seen within the last
    /// `away_ms` read. A node that is restarted in the middle of an upgrade must still find what it can read.
    pub(super) fn agreed(
        &mut self,
        now: u64,
        away_ms: u64,
        live: impl Iterator<Item = u32>,
    ) -> Option<u32> {
        self.0.extend(live.map(|format| (format, now)));
        self.0.retain(|_, seen| now < *seen + away_ms);
        self.0.first_key_value().map(|(format, _)| *format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_node_may_be_away_for_a_while() {
        let mut formats = Formats::default();
        let mut at = |now: u64, live: &[u32]| formats.agreed(now, 60, live.iter().copied());
        assert_eq!(at(0, &[]), None, "nobody is known yet");
        assert_eq!(at(1, &[4, 4]), Some(4), "a cluster of one version");
        assert_eq!(at(10, &[2, 3, 4]), Some(2));
        assert_eq!(at(69, &[3, 4]), Some(2), "it may come back");
        assert_eq!(at(70, &[3, 4]), Some(3), "it did not");
        assert_eq!(at(100, &[4]), Some(3));
        assert_eq!(at(110, &[3, 4]), Some(3), "it did");
        assert_eq!(at(169, &[4]), Some(3), "from then on it counts anew");
        assert_eq!(at(170, &[4]), Some(4));
    }
}
