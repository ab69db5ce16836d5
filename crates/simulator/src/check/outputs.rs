//! A kept output is used only while it is kept: under its key, as it was, and in its time.

use std::collections::BTreeMap;

use engine::record::{CacheUse, OutputKept, StepCompleted};

use crate::finding::{Finding, demand};

/// What was kept, by the scoped key, as the journals say.
#[derive(Default)]
pub(crate) struct Outputs(BTreeMap<String, Vec<OutputKept>>);

impl Outputs {
    /// An output is kept, durably.
    pub(crate) fn note(&mut self, kept: &OutputKept) {
        let all = self.0.entry(kept.key.clone()).or_default();
        all.push(kept.clone());
    }

    /// A step that asks for a key completed with a kept output at this time; `late_ms` after it was found at most.
    pub(crate) fn check(
        &self,
        cache: Option<&CacheUse>,
        completed: &StepCompleted,
        at: i64,
        late_ms: i64,
    ) -> Result<(), Finding> {
        let key = cache.map(|cache| format!("\ndefault\n{}", cache.key));
        let output = completed.output.as_ref().map(engine::Payload::bytes);
        let is_it = |kept: &OutputKept| {
            let same = kept.instance == completed.kept_by && Some(&kept.output) == output.as_ref();
            same && kept.expires_at.saturating_add(late_ms) > at
        };
        let mut under = self.0.iter();
        let found = under.any(|(scoped, all)| {
            let asked = key.as_ref().is_some_and(|key| scoped.ends_with(key));
            asked && all.iter().any(is_it)
        });
        demand(found, || {
            format!("a step took an output that is not kept under {key:?}: {completed:?}")
        })
    }
}

#[cfg(test)]
mod tests {
    use engine::Payload;

    use super::*;

    #[test]
    fn what_is_not_kept_under_the_key_or_not_any_more_is_found() {
        let mut outputs = Outputs::default();
        outputs.note(&OutputKept {
            key: "cache\n0001\ndefault\nk".to_owned(),
            instance: vec![7; 16].into(),
            expires_at: 100,
            output: "1".into(),
            ..OutputKept::default()
        });
        let under = |key: &str| {
            Some(CacheUse {
                key: key.to_owned(),
                ttl_ms: 1,
            })
        };
        let completed = |output: &str, by: u8| StepCompleted {
            output: Some(Payload::from_bytes(output.to_owned().into())),
            kept_by: vec![by; 16].into(),
            ..StepCompleted::default()
        };
        let check = |key: &str, output: &str, by: u8, at: i64| {
            let cache = under(key);
            let found = outputs.check(cache.as_ref(), &completed(output, by), at, 5);
            found.is_ok()
        };
        assert!(check("k", "1", 7, 104));
        assert!(!check("k", "1", 7, 105), "its time is over");
        assert!(!check("k", "2", 7, 50), "another output");
        assert!(!check("k", "1", 8, 50), "another instance's");
        assert!(!check("l", "1", 7, 50), "another key");
        assert!(outputs.check(None, &completed("1", 7), 50, 5).is_err());
    }
}
