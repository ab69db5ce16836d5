//! Routers as the API shows them.

use api::{Json, Router, RouterExplanation, RuleExplanation, Verdict};
use definition::RouterMode;

/// A router.
pub fn router(router: &definition::Router) -> Router {
    let mode = match router.mode {
        RouterMode::First => "first",
        RouterMode::All => "all",
    };
    Router {
        name: router.name.clone(),
        mode: mode.to_owned(),
        rules: u32::try_from(router.rules.len()).unwrap_or(u32::MAX),
        document: Json::from_value(&router.document),
    }
}

/// What a router makes of an event.
pub fn router_explanation(told: &::router::Explanation<'_>) -> RouterExplanation {
    let rule = |rule: &::router::RuleExplanation<'_>| RuleExplanation {
        rule: rule.rule.to_string(),
        condition: rule.condition.map(str::to_owned),
        verdict: verdict(&rule.verdict),
        decides: rule.decides,
        destination: rule.target.map(ToString::to_string),
    };
    RouterExplanation {
        router: told.router.to_owned(),
        matches: told.matches.as_ref().map(verdict),
        rules: told.rules.iter().map(rule).collect(),
    }
}

fn verdict(verdict: &::router::Verdict) -> Verdict {
    use ::router::Verdict as Said;
    let (says, part, message) = match verdict {
        Said::Holds => ("holds", None, None),
        Said::False { part } => ("false", Some(part), None),
        Said::Missing { part, message } => ("missing", Some(part), Some(message)),
        Said::Error { part, message } => ("error", Some(part), Some(message)),
    };
    Verdict {
        says: says.to_owned(),
        part: part.cloned(),
        message: message.cloned(),
    }
}
