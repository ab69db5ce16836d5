//! Calls that began, against the rates of their adapters.

use std::collections::{BTreeMap, VecDeque};

use definition::Catalog;

use crate::finding::{Finding, demand};

/// So far back calls are looked at, in milliseconds.
const BACK_MS: i64 = 60_000;

/// When calls began, by adapter.
#[derive(Default)]
pub(crate) struct Rates(BTreeMap<String, VecDeque<i64>>);

impl Rates {
    /// A call of an adapter begins; it may have been let go so many milliseconds before. In any stretch of
    /// time no more may begin than the burst and what that time brings.
    pub(crate) fn note(
        &mut self,
        catalog: &Catalog,
        adapter: &str,
        now: i64,
        before_ms: i64,
    ) -> Result<(), Finding> {
        let spec = catalog.adapters.get(adapter);
        let Some(rate) = spec.and_then(|spec| catalog.rate(spec)) else {
            return Ok(());
        };
        let begun = self.0.entry(adapter.to_owned()).or_default();
        begun.push_back(now);
        while begun.front().is_some_and(|first| now - first > BACK_MS) {
            begun.pop_front();
        }
        for (count, since) in (1_u64..).zip(begun.iter().rev()) {
            let stretch = u64::try_from(now - since + before_ms).unwrap_or(0);
            let brought = stretch * u64::from(rate.calls) / rate.per_ms;
            demand(count <= u64::from(rate.burst) + brought + 1, || {
                format!("{adapter}: {count} calls within {stretch} ms, above its rate of {rate}")
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use definition::{ResourceSet, no_settings_check};

    #[test]
    fn calls_above_the_rate_are_found() {
        let text = "adapters: [{ name: a, type: http, url: http://a, rate-limit: { rate: 10/s, burst: 2 } }]";
        let (set, _) = ResourceSet::parse(vec![("a.yaml".into(), text.into())]);
        let change = set.apply_to(&Catalog::default(), &no_settings_check);
        let catalog = change.expect("it compiles").new;
        let mut rates = Rates::default();
        for now in [0, 0, 100, 200, 1_000] {
            assert_eq!(rates.note(&catalog, "a", now, 0), Ok(()), "{now}");
        }
        let above = (0..5).find_map(|_| rates.note(&catalog, "a", 1_000, 0).err());
        assert!(above.is_some_and(|found| found.0.contains("above its rate")));
        assert_eq!(rates.note(&catalog, "b", 0, 0), Ok(()));
    }
}
