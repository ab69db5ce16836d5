//! People who answer decisions, at random.

use engine::record::Choice;
use engine::{Answer, Instance, Payload, PendingDecision};
use serde_json::json;

use crate::random::Random;

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
