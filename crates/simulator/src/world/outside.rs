//! The other side of every adapter: how it takes calls.

use std::collections::BTreeMap;

use adapter::{Call, Effect, Failure};
use serde_json::{Value, json};

use crate::random::Random;

/// What a call will come to.
pub(super) enum Temper {
    /// It works, after so many milliseconds.
    Works(u64),
    /// It fails, after so many milliseconds, with or without its effect.
    Fails {
        after_ms: u64,
        effect: bool,
        failure: Failure,
    },
    /// It takes effect or not, and never answers.
    Hangs { effect: bool },
    /// It is taken, and answered later.
    Later(Later),
}

/// An answer by callback.
#[derive(Clone, Copy)]
pub(super) struct Later {
    /// When it is taken.
    pub(super) taken_ms: u64,
    /// When it is answered; never where there is none.
    pub(super) answered_ms: Option<u64>,
    /// It works.
    pub(super) works: bool,
    /// It is answered twice.
    pub(super) twice: bool,
}

/// How calls are taken, drawn one by one.
pub(super) struct Outside {
    random: Random,
    /// The newest callback address of each step.
    pub(super) newest: BTreeMap<(String, String), String>,
}

/// Failures: type, retryable, whether the call may have taken effect.
const FAILURES: [(&str, bool, bool); 8] = [
    ("http.503", true, false),
    ("http.429", true, false),
    ("http.500", true, true),
    ("connection-lost", true, true),
    ("connect", true, false),
    ("http.422", false, false),
    ("http.404", false, false),
    ("broken", false, true),
];

impl Outside {
    pub(super) const fn new(random: Random) -> Self {
        Self {
            random,
            newest: BTreeMap::new(),
        }
    }

    /// Chance for what follows from one call.
    pub(super) fn fork(&mut self) -> Random {
        self.random.fork()
    }

    /// How this call is taken; `trouble` in a hundred go wrong.
    pub(super) fn temper(&mut self, call: &Call, trouble: u64) -> Temper {
        let random = &mut self.random;
        if call.callback.is_some() && random.chance(70) {
            let stays_away = trouble > 0 && random.chance(15);
            return Temper::Later(Later {
                taken_ms: random.between(0, 50),
                answered_ms: (!stays_away).then(|| random.between(5, 200) * random.between(1, 200)),
                works: !random.chance(trouble / 2),
                twice: random.chance(30),
            });
        }
        if !random.chance(trouble) {
            let quick = random.chance(70);
            return Temper::Works(if quick {
                random.between(0, 40)
            } else {
                random.between(500, 9_000)
            });
        }
        if random.chance(20) {
            return Temper::Hangs {
                effect: random.chance(60),
            };
        }
        let (error_type, retryable, unknown) = *random.pick(&FAILURES);
        let effect = if unknown {
            Effect::Unknown
        } else {
            Effect::None
        };
        let failure = Failure {
            retryable,
            effect,
            retry_after_ms: random.chance(10).then(|| random.between(0, 4_000)),
            ..Failure::permanent(error_type, "simulated")
        };
        Temper::Fails {
            after_ms: random.between(0, 3_000),
            effect: unknown && random.chance(60),
            failure,
        }
    }

    /// What a call that works gives.
    pub(super) fn output(&mut self, number: usize) -> Value {
        let random = &mut self.random;
        json!({ "call": number, "n": random.between(0, 9), "found": random.chance(50), "output": { "late": true } })
    }
}
