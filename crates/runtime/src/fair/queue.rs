//! A queue with four bands.

use std::sync::Arc;

use definition::PRIORITIES;

use super::band::Band;

/// Since when something waits (milliseconds since the epoch), and its number among those that came
/// together.
pub(crate) type Place = (i64, u64);

/// Every so many turns one goes to whoever has waited longest, whatever its band and key: nothing
/// starves, and those of a higher band hardly notice.
const AGED_EVERY: u32 = 8;
/// It must have waited for so long, in milliseconds.
const AGED_MS: i64 = 60_000;

/// Something that wants in.
#[derive(Debug)]
pub(crate) struct Ticket<T> {
    /// Its band, 0 first.
    pub(crate) rank: u8,
    /// Its key: shares are fair between keys.
    pub(crate) key: Arc<str>,
    /// How large the key's share is beside others, from 1.
    pub(crate) weight: u32,
    pub(crate) place: Place,
    pub(crate) item: T,
}

/// What waits, and in which order it goes: a higher band before a lower one; in a band the key that had
/// least of its share; under one key whoever came first.
pub(crate) struct FairQueue<T> {
    bands: [Band<T>; PRIORITIES.len()],
    len: usize,
    /// Turns since the last one for the longest wait.
    turns: u32,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self {
            bands: std::array::from_fn(|_| Band::default()),
            len: 0,
            turns: 0,
        }
    }
}

impl<T> FairQueue<T> {
    /// Adds one.
    pub(crate) fn push(&mut self, ticket: Ticket<T>) {
        let band = band_of(ticket.rank);
        self.bands[band].push(ticket);
        self.len += 1;
    }

    /// How many wait.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The one whose turn it is.
    pub(crate) fn first(&self, now: i64) -> Option<&T> {
        let (band, key) = self.next(now)?;
        self.bands[band].front(&key)
    }

    /// Takes out the one whose turn it is.
    pub(crate) fn pop(&mut self, now: i64) -> Option<T> {
        let (band, key) = self.next(now)?;
        let item = self.bands[band].take(&key)?;
        self.turns = (self.turns + 1) % AGED_EVERY;
        self.len -= 1;
        Some(item)
    }

    /// Takes one out that does not want in any more.
    pub(crate) fn remove(&mut self, rank: u8, key: &Arc<str>, place: Place) -> Option<T> {
        let item = self.bands[band_of(rank)].remove(key, place)?;
        self.len -= 1;
        Some(item)
    }

    /// Takes out the first for which this holds; all may have to be looked at.
    pub(crate) fn remove_where(&mut self, is: impl Fn(&T) -> bool) -> Option<T> {
        let found = (0_u8..).zip(&self.bands).find_map(|(rank, band)| {
            let (key, place, _) = band.iter().find(|(_, _, item)| is(item))?;
            Some((rank, Arc::clone(key), place))
        });
        let (rank, key, place) = found?;
        self.remove(rank, &key, place)
    }

    /// All that wait, band after band.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let all = self.bands.iter().flat_map(Band::iter);
        all.map(|(_, _, item)| item)
    }

    /// How many go before this one as things stand, looking at no more than `limit`: those of higher
    /// bands, and those of its own that came before it (fewer, where its key has had less than others).
    pub(crate) fn ahead_of(&self, rank: u8, place: Place, limit: usize) -> usize {
        let own = band_of(rank);
        let before = self.bands[..=own].iter().enumerate();
        let ahead = before.flat_map(|(band, waiting)| {
            let waiting = waiting.iter();
            waiting.filter(move |(_, other, _)| band < own || *other < place)
        });
        ahead.take(limit).count()
    }

    fn next(&self, now: i64) -> Option<(usize, Arc<str>)> {
        if self.turns == AGED_EVERY - 1
            && let Some(aged) = self.aged(now)
        {
            return Some(aged);
        }
        let mut bands = self.bands.iter().enumerate();
        bands.find_map(|(place, band)| Some((place, Arc::clone(band.next()?))))
    }

    /// The longest wait of all, if it was long.
    fn aged(&self, now: i64) -> Option<(usize, Arc<str>)> {
        let bands = self.bands.iter().enumerate();
        let oldest = bands.filter_map(|(band, waiting)| {
            let (place, key) = waiting.oldest()?;
            Some((place, band, key))
        });
        let ((since, _), band, key) = oldest.min()?;
        (now.saturating_sub(since) >= AGED_MS).then(|| (band, Arc::clone(key)))
    }
}

fn band_of(rank: u8) -> usize {
    usize::from(rank).min(PRIORITIES.len() - 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fair::rank;

    fn ticket<T>(priority: &str, key: &str, place: Place, item: T) -> Ticket<T> {
        Ticket {
            rank: rank(priority),
            key: key.into(),
            weight: 1,
            place,
            item,
        }
    }

    fn drain<T>(queue: &mut FairQueue<T>, now: i64) -> Vec<T> {
        std::iter::from_fn(|| queue.pop(now)).collect()
    }

    #[test]
    fn higher_bands_go_first_and_equals_in_order() {
        let mut queue = FairQueue::default();
        let words = ["low", "normal", "critical", "", "high", "critical"];
        for (place, priority) in (0..).zip(words) {
            queue.push(ticket(priority, "", (0, place), place));
        }
        assert_eq!(drain(&mut queue, 0), [2, 5, 4, 1, 3, 0]);
        assert!(queue.is_empty());
    }

    /// (Σx)² / (n·Σx²): 1 where all have the same.
    fn jain(shares: &[f64]) -> f64 {
        let count = f64::from(u32::try_from(shares.len()).expect("few"));
        let sum: f64 = shares.iter().sum();
        sum * sum / (count * shares.iter().map(|x| x * x).sum::<f64>())
    }

    #[test]
    fn fifty_keys_of_very_different_sizes_get_the_same_share() {
        let mut queue = FairQueue::default();
        let mut number = 0;
        for tenant in 0..50_u32 {
            for _ in 0..100 + tenant * 100 {
                number += 1;
                queue.push(ticket("", &format!("tenant-{tenant}"), (0, number), tenant));
            }
        }
        let mut taken = BTreeMap::<u32, f64>::new();
        for _ in 0..50 * 90 {
            *taken.entry(queue.pop(1).expect("much waits")).or_default() += 1.0;
        }
        let shares: Vec<f64> = taken.into_values().collect();
        assert_eq!(shares.len(), 50);
        assert!(jain(&shares) >= 0.95, "{shares:?}");
    }

    #[test]
    fn a_hundred_thousand_of_one_key_delay_another_by_one_turn() {
        let mut queue = FairQueue::default();
        for number in 0..100_000 {
            queue.push(ticket("", "big", (0, number), "big"));
        }
        for _ in 0..1_000 {
            queue.pop(1);
        }
        for number in 0..3 {
            queue.push(ticket("", "small", (1, number), "small"));
        }
        let next: Vec<&str> = (0..6).filter_map(|_| queue.pop(1)).collect();
        let small = next.iter().filter(|key| **key == "small").count();
        assert_eq!(small, 3, "{next:?}");
        assert!(next[..2].contains(&"small"), "{next:?}");
    }

    #[test]
    fn a_key_that_comes_back_time_and_again_gets_no_more_than_its_share() {
        let mut queue = FairQueue::default();
        let mut number = 0;
        let mut push = |queue: &mut FairQueue<_>, key| {
            number += 1;
            queue.push(ticket("", key, (0, number), key));
        };
        for _ in 0..100 {
            for key in ["a", "b", "c"] {
                push(&mut queue, key);
            }
        }
        push(&mut queue, "again");
        let mut again = 0;
        for _ in 0..40 {
            if queue.pop(1) == Some("again") {
                again += 1;
                push(&mut queue, "again");
            }
        }
        assert_eq!(again, 10);
    }

    #[test]
    fn weights_are_shares() {
        let mut queue = FairQueue::default();
        for number in 0..100 {
            for (key, weight) in [("a", 3), ("b", 1)] {
                queue.push(Ticket {
                    weight,
                    ..ticket("", key, (0, number), key)
                });
            }
        }
        let taken: Vec<&str> = (0..40).filter_map(|_| queue.pop(1)).collect();
        assert_eq!(taken.iter().filter(|key| **key == "a").count(), 30);
    }

    #[test]
    fn under_an_endless_stream_of_higher_ones_a_low_one_has_its_turn() {
        let mut queue = FairQueue::default();
        queue.push(ticket("low", "", (0, 0), "low"));
        let mut taken = vec![];
        for number in 1..200 {
            queue.push(ticket("critical", "", (0, number), "critical"));
            queue.push(ticket("critical", "", (0, number + 1_000), "critical"));
            let now = i64::try_from(number).expect("small") * 1_000;
            taken.extend(queue.pop(now));
        }
        let at = taken.iter().position(|word| *word == "low");
        let at = at.expect("it starves");
        assert!((60..70).contains(&at), "not before its time: {at}");
    }

    #[test]
    fn what_does_not_want_in_any_more_goes() {
        let mut queue = FairQueue::default();
        for number in 0..3 {
            queue.push(ticket("", "k", (0, number), number));
        }
        assert_eq!(queue.ahead_of(2, (0, 2), 10), 2);
        assert_eq!(queue.ahead_of(2, (0, 2), 1), 1);
        assert_eq!(queue.remove(2, &"k".into(), (0, 0)), Some(0));
        assert_eq!(queue.remove(2, &"k".into(), (0, 0)), None);
        assert_eq!(queue.remove_where(|item| *item == 2), Some(2));
        assert_eq!((queue.len(), queue.first(0)), (1, Some(&1)));
        assert_eq!(drain(&mut queue, 0), [1]);
    }
}
