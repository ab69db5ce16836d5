//! What can be done with many at once: a line for each verb.

use api::{Json as Raw, OperationRequest};
use definition::{SIGNAL_NAME, is_signal_name};
use engine::Authority;
use runtime::{Action, OneStep};

use super::step_verbs::error_of;
use super::submit::version;
use crate::callers::Caller;
use crate::door::{Refusal, bad_field, check_json, not_json};

/// A verb, the fields that it takes, and how they become an action.
struct Verb {
    word: &'static str,
    takes: &'static [&'static str],
    make: fn(&OperationRequest, &Caller) -> Result<Action, Refusal>,
}

const VERBS: &[Verb] = &[
    Verb {
        word: "cancel",
        takes: &["compensate"],
        make: |asked, _| {
            Ok(Action::Cancel {
                skip_compensation: asked.compensate == Some(false),
            })
        },
    },
    Verb {
        word: "pause",
        takes: &[],
        make: |_, _| Ok(Action::Pause),
    },
    Verb {
        word: "resume",
        takes: &[],
        make: |_, _| Ok(Action::Resume),
    },
    Verb {
        word: "signal",
        takes: &["name", "data"],
        make: signal,
    },
    Verb {
        word: "retry",
        takes: &[],
        make: |_, _| Ok(Action::Retry),
    },
    Verb {
        word: "restore",
        takes: &["at", "compensate"],
        make: |asked, _| {
            let at = asked.at;
            let at = at.ok_or_else(|| bad_field("/at", "expected the time to go back to"))?;
            Ok(Action::Restore {
                at: at.0,
                compensate: asked.compensate == Some(true),
            })
        },
    },
    Verb {
        word: "migrate",
        takes: &["version", "map"],
        make: |asked, _| {
            let to = asked.version.as_deref();
            let to =
                to.ok_or_else(|| bad_field("/version", "expected the version to go on with"))?;
            Ok(Action::Migrate {
                version: version(to)?,
                map: asked.map.clone(),
            })
        },
    },
    Verb {
        word: "replay",
        takes: &["version"],
        make: |asked, _| {
            let version = asked.version.as_deref().map(version).transpose()?;
            Ok(Action::Replay { version })
        },
    },
    Verb {
        word: "delete",
        takes: &[],
        make: |_, _| Ok(Action::Delete),
    },
    Verb {
        word: "skip-step",
        takes: &["step", "lane"],
        make: |asked, caller| Ok(Action::SkipStep(step(asked, caller)?)),
    },
    Verb {
        word: "complete-step",
        takes: &["step", "lane", "output"],
        make: |asked, caller| {
            Ok(Action::CompleteStep {
                at: step(asked, caller)?,
                output: text(asked.output.as_ref())?,
            })
        },
    },
    Verb {
        word: "fail-step",
        takes: &["step", "lane", "error_type", "message"],
        make: |asked, caller| {
            let error = error_of(asked.error_type.as_deref(), asked.message.as_deref())?;
            Ok(Action::FailStep {
                at: step(asked, caller)?,
                error_type: error.error_type,
                message: error.message,
            })
        },
    },
    Verb {
        word: "retry-step",
        takes: &["step", "lane"],
        make: |asked, caller| Ok(Action::RetryStep(step(asked, caller)?)),
    },
    Verb {
        word: "reprocess",
        takes: &[],
        make: |_, _| Ok(Action::Reprocess),
    },
    Verb {
        word: "discard",
        takes: &[],
        make: |asked, _| match asked.reason.trim() {
            "" => Err(bad_field("/reason", "expected why, but it is empty")),
            _ => Ok(Action::Discard),
        },
    },
];

/// The action that is asked for.
pub(super) fn action_of(asked: &OperationRequest, caller: &Caller) -> Result<Action, Refusal> {
    let verb = VERBS.iter().find(|verb| verb.word == asked.action);
    let verb = verb.ok_or_else(|| {
        let words: Vec<&str> = VERBS.iter().map(|verb| verb.word).collect();
        let all = words.join(", ");
        bad_field(
            "/action",
            &format!("expected one of {all}, but got {:?}", asked.action),
        )
    })?;
    if let Some(other) = given(asked).find(|name| !verb.takes.contains(name)) {
        let takes = match verb.takes {
            [] => "no fields of its own".to_owned(),
            names => names.join(", "),
        };
        let word = verb.word;
        return Err(bad_field(
            &format!("/{other}"),
            &format!("`{word}` takes {takes}, but not `{other}`"),
        ));
    }
    (verb.make)(asked, caller)
}

/// The fields of verbs that are there.
fn given(asked: &OperationRequest) -> impl Iterator<Item = &'static str> {
    let fields = [
        ("compensate", asked.compensate.is_some()),
        ("at", asked.at.is_some()),
        ("name", asked.name.is_some()),
        ("data", asked.data.is_some()),
        ("version", asked.version.is_some()),
        ("map", !asked.map.is_empty()),
        ("step", asked.step.is_some()),
        ("lane", asked.lane.is_some()),
        ("output", asked.output.is_some()),
        ("error_type", asked.error_type.is_some()),
        ("message", asked.message.is_some()),
    ];
    let there = fields.into_iter().filter(|(_, is_there)| *is_there);
    there.map(|(name, _)| name)
}

fn signal(asked: &OperationRequest, _: &Caller) -> Result<Action, Refusal> {
    let name = asked.name.clone().unwrap_or_default();
    if !is_signal_name(&name) {
        return Err(bad_field(
            "/name",
            &format!("expected {SIGNAL_NAME}, but got {name:?}"),
        ));
    }
    let data = text(asked.data.as_ref())?;
    Ok(Action::Signal { name, data })
}

fn step(asked: &OperationRequest, caller: &Caller) -> Result<OneStep, Refusal> {
    let missing = || bad_field("/step", "expected the step's id, but there is none");
    let step = asked.step.clone().ok_or_else(missing)?;
    let (roles, may_decide) = match caller.authority() {
        Authority::Caller { may_decide, roles } => (roles, may_decide),
        Authority::Link(_) => (Vec::new(), false),
    };
    Ok(OneStep {
        step,
        lane: asked.lane.clone(),
        roles,
        may_decide,
    })
}

/// The text of a value; `null` without one.
fn text(value: Option<&Raw>) -> Result<String, Refusal> {
    let Some(value) = value else {
        return Ok("null".to_owned());
    };
    check_json(value.text()).map_err(|error| not_json(&error))?;
    Ok(value.text().to_owned())
}

#[cfg(test)]
mod tests {
    use api::Time;

    use super::*;

    #[test]
    fn every_verb_of_the_table_makes_the_action_of_its_word() {
        for verb in VERBS {
            let asked = OperationRequest {
                action: verb.word.to_owned(),
                at: verb.takes.contains(&"at").then_some(Time(0)),
                name: verb.takes.contains(&"name").then(|| "paid".to_owned()),
                step: verb.takes.contains(&"step").then(|| "a".to_owned()),
                version: verb.takes.contains(&"version").then(|| "1.0.0".to_owned()),
                reason: "r".to_owned(),
                ..OperationRequest::default()
            };
            let action = action_of(&asked, &Caller::new("ann", &[]));
            assert_eq!(action.expect("is made").word(), verb.word);
        }
    }

    #[test]
    fn a_field_of_another_verb_is_refused_by_name() {
        let asked = OperationRequest {
            action: "pause".to_owned(),
            compensate: Some(false),
            ..OperationRequest::default()
        };
        let refused = action_of(&asked, &Caller::new("ann", &[])).expect_err("is refused");
        assert_eq!(
            refused.problem().errors[0].pointer.as_deref(),
            Some("/compensate")
        );
    }
}
