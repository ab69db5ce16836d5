//! People who answer decisions and send signals, at random.

use engine::record::Choice;
use engine::{Answer, Instance, Payload, PendingDecision, Signal, SignalKey};
use serde_json::json;

use crate::random::Random;
use crate::workload::SIGNALS;

/// An answer to a decision: one of its choices, without one that asks for more when `calm`.
pub(crate) fn answer(
    instance: &Instance,
    pending: &PendingDecision,
    random: &mut Random,
    calm: bool,
) -> Answer {
    let again = [Choice::Retry, Choice::Amend];
    let offered: Vec<Choice> = instance
        .decision_choices(pending)
        .into_iter()
        .filter(|choice| !calm || !again.contains(choice))
        .collect();
    let choice = match offered.is_empty() {
        true => Choice::Fail,
        false => *random.pick(&offered),
    };
    let takes_data = matches!(choice, Choice::Amend | Choice::Supply);
    let data =
        takes_data.then(|| Payload::from_value(json!({ "n": 1, "flag": true, "items": [] })));
    Answer {
        data,
        ..Answer::plain(choice)
    }
}

/// Who answers: of several that must agree, somebody who has not answered yet.
pub(crate) fn person(pending: &PendingDecision) -> String {
    let asking = pending.asking.as_deref();
    let answers = asking.map_or(0, |asking| asking.answers.len());
    format!("person-{answers}")
}

/// A signal: mostly one that is waited for, half of them under a key of their own.
pub(crate) fn signal(instance: &Instance, random: &mut Random) -> Signal {
    let waits = instance.signal_waits();
    let awaited = !waits.is_empty() && random.chance(90);
    let name = match awaited {
        true => random.pick(waits).name.clone(),
        false => (*random.pick(&SIGNALS)).to_owned(),
    };
    let number = random.bits();
    let key = random.chance(50).then(|| SignalKey {
        key: number.to_be_bytes().to_vec().into(),
        digest: b"the same".to_vec().into(),
    });
    let data = Payload::from_value(json!({ "number": number % 1_000 }));
    Signal { name, data, key }
}

/// When a start is to begin: mostly at once.
pub(crate) fn start_at(random: &mut Random, now: i64) -> Option<i64> {
    let later = random.chance(15).then(|| random.between(0, 60_000));
    Some(now.saturating_add_unsigned(later?))
}
