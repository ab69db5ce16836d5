//! Which member of a pool takes an event.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use definition::{Balance, Pool, PoolMember, Target};
use expression::{Program, Variables};
use serde_json::{Map, Value, json};

use crate::{Stats, TargetStats};

/// Whose turn it is in a pool.
#[derive(Debug)]
pub(crate) struct Turns {
    /// Members by turn, each as often as its weight says; one each where weights do not count.
    order: Vec<u16>,
    next: AtomicUsize,
}

impl Turns {
    pub(crate) fn new(pool: &Pool) -> Self {
        let order = match pool.balance {
            Balance::Weighted => smooth(&pool.members),
            _ => (0..pool.members.len()).map(narrow).collect(),
        };
        Self {
            order,
            next: AtomicUsize::new(0),
        }
    }

    /// The member that takes the event.
    pub(crate) fn take<'p>(&self, pool: &'p Pool, stats: &dyn Stats) -> Option<&'p Target> {
        self.pick(pool, stats, &mut || {
            self.next.fetch_add(1, Ordering::Relaxed)
        })
    }

    /// The member that would take an event now.
    pub(crate) fn peek<'p>(&self, pool: &'p Pool, stats: &dyn Stats) -> Option<&'p Target> {
        let mut next = self.next.load(Ordering::Relaxed);
        self.pick(pool, stats, &mut || {
            next = next.wrapping_add(1);
            next.wrapping_sub(1)
        })
    }

    fn pick<'p>(
        &self,
        pool: &'p Pool,
        stats: &dyn Stats,
        turn: &mut dyn FnMut() -> usize,
    ) -> Option<&'p Target> {
        let members = &pool.members;
        let known: Vec<TargetStats> = members
            .iter()
            .map(|member| stats.target(&member.target))
            .collect();
        // Where none can, the pool is no help: the one whose turn it is waits.
        let any = known.iter().any(|stats| stats.available);
        let may = |index: &usize| known[*index].available || !any;
        let mut by_turn = || {
            let turn = turn() % self.order.len().max(1);
            self.order.get(turn).map(|member| usize::from(*member))
        };
        let chosen = match &pool.balance {
            // Turns of those that cannot are passed over one by one, so that the others keep their shares.
            Balance::RoundRobin | Balance::Weighted => {
                (0..self.order.len()).find_map(|_| by_turn().filter(&may))
            }
            Balance::LeastConnections => {
                let start = by_turn()?;
                let load = |index: &usize| known[*index].in_flight;
                around(start, members.len()).filter(may).min_by_key(load)
            }
            Balance::Custom(score) => {
                let start = by_turn()?;
                let scores: Vec<Option<f64>> = members
                    .iter()
                    .zip(&known)
                    .map(|(member, known)| value_of(score, member, known, stats))
                    .collect();
                best(around(start, members.len()).filter(may), &scores)
            }
        };
        chosen
            .and_then(|index| members.get(index))
            .map(|member| &member.target)
    }
}

/// The indexes from `start` round to the one before it: among equals the turn decides.
fn around(start: usize, length: usize) -> impl Iterator<Item = usize> {
    (0..length).map(move |step| (start + step) % length)
}

/// The first of the highest score; one without a score stands behind all that have one.
fn best(order: impl Iterator<Item = usize>, scores: &[Option<f64>]) -> Option<usize> {
    let score = |index: usize| scores[index].unwrap_or(f64::NEG_INFINITY);
    order.reduce(|best, next| {
        if score(next) > score(best) {
            next
        } else {
            best
        }
    })
}

fn value_of(
    score: &Program,
    member: &PoolMember,
    known: &TargetStats,
    stats: &dyn Stats,
) -> Option<f64> {
    let scored = Scored {
        member,
        known,
        stats,
    };
    let value = score.evaluate(&scored, 0).ok()?;
    value.as_f64().filter(|score| !score.is_nan())
}

/// What a score sees.
struct Scored<'a> {
    member: &'a PoolMember,
    known: &'a TargetStats,
    stats: &'a dyn Stats,
}

impl Variables for Scored<'_> {
    fn get(&self, root: &str, _: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            fields.extend(value.map(|value| (name.to_owned(), value)));
        };
        match root {
            "target" => {
                put("weight", Some(json!(self.member.weight)));
                put("in-flight", Some(json!(self.known.in_flight)));
                put("latency-p95", self.known.latency_p95_ms.map(Value::from));
                put("error-rate", self.known.error_rate.map(Value::from));
                put("zone", self.member.zone.as_deref().map(Value::from));
            }
            "node" => put("zone", self.stats.zone().map(Value::from)),
            _ => return None,
        }
        Some(Arc::new(Value::Object(fields)))
    }
}

/// Each member as often as its weight says, as evenly mixed as can be: at each turn all gain their weight, the
/// richest is taken and pays the sum of all.
fn smooth(members: &[PoolMember]) -> Vec<u16> {
    let divisor = members
        .iter()
        .fold(0, |found, member| gcd(found, member.weight));
    let weights: Vec<i64> = members
        .iter()
        .map(|member| i64::from(member.weight / divisor.max(1)))
        .collect();
    let total: i64 = weights.iter().sum();
    let mut riches = vec![0_i64; weights.len()];
    let turn = |_| {
        for (own, weight) in riches.iter_mut().zip(&weights) {
            *own += weight;
        }
        let richest = (0..riches.len()).reduce(|best, next| {
            if riches[next] > riches[best] {
                next
            } else {
                best
            }
        });
        let richest = richest.unwrap_or_default();
        riches[richest] -= total;
        narrow(richest)
    };
    (0..total).map(turn).collect()
}

fn gcd(left: u32, right: u32) -> u32 {
    if right == 0 {
        left
    } else {
        gcd(right, left % right)
    }
}

/// A pool has few members, as the language has it.
fn narrow(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
