//! What holds a call back: the step's own word, the environment's threshold, and the policies about
//! risk and MAN Mode. Pure: everything it looks at is an argument.
//!
//! | who says so | effect |
//! | --- | --- |
//! | a policy, or the nearest rule, with `block` | the call is refused, whatever else says |
//! | a policy, or the nearest rule, with `require` | a person must approve, also under `man-mode: false` |
//! | the step (`man-mode: true`, `always`, its `when`) | a person must approve |
//! | the environment's threshold | a person must approve, unless the step says `man-mode: false` |
//! | a policy, or the nearest rule, with `audit` | the call runs and is recorded for review |

use std::sync::Arc;

use definition::{Catalog, GateMode, ManEffect, ManPolicy, PolicyRule, Risk};
use expression::{EvalErrorKind, Program, Variables};
use serde_json::Value;

/// A call of an adapter, as policies see it.
pub(crate) struct Call<'a> {
    /// The workflow whose call it is.
    pub workflow: &'a str,
    /// The adapter.
    pub adapter: &'a str,
    /// Its action; empty if it has none.
    pub action: &'a str,
    /// The step's id.
    pub step: &'a str,
    /// The step's input.
    pub call: Arc<Value>,
    /// The instance's input.
    pub input: Arc<Value>,
}

/// What is asked of the policies.
pub(crate) struct Question<'a> {
    /// The catalog whose policies count.
    pub catalog: &'a Catalog,
    /// What the step says of being held back; none if it says nothing.
    pub mode: Option<GateMode>,
    /// Whether the step's own `when` holds.
    pub when: bool,
    /// The step's own risk.
    pub risk: Option<Risk>,
    /// The call; none for steps that call no adapter: no policy is about them.
    pub call: Option<Call<'a>>,
    /// The time of the decision.
    pub now: i64,
}

/// What the policies say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How risky it is, if anything says.
    pub risk: Option<Risk>,
    /// The policies that refuse it.
    pub blocked: Vec<String>,
    /// What demands an approval, in words.
    pub reasons: Vec<String>,
    /// Who may answer, as policies say.
    pub approvers: Vec<String>,
    /// Whoever started the instance cannot be the only one who approves.
    pub four_eyes: bool,
    /// What is recorded for review, in words.
    pub audited: Vec<String>,
    /// Expressions that were evaluated.
    pub evaluations: u32,
}

/// Whether no policy and no threshold can hold anything back.
pub(crate) fn is_silent(catalog: &Catalog) -> bool {
    catalog.risk_policies.is_empty()
        && catalog.man_policies.is_empty()
        && catalog.man_mode_threshold().is_none()
        && !catalog.policy_rules.values().any(PolicyRule::gates)
}

/// What holds a step back.
pub(crate) fn judge(question: &Question<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let rules = rules_about(question);
    verdict.risk = risk(question, &rules, &mut verdict);
    own_word(question, &mut verdict);
    threshold(question, &mut verdict);
    if let Some(call) = &question.call {
        for policy in question.catalog.man_policies.values() {
            verdict.evaluations += 1;
            if holds(&policy.when, call, question) {
                apply(policy, &mut verdict);
            }
        }
    }
    let enforced = rules.iter().filter(|rule| !rule.evaluate);
    let nearest = enforced
        .filter_map(|rule| Some((rule.man?, &rule.name)))
        .next();
    if let Some((effect, name)) = nearest {
        ruled(effect, name, &mut verdict);
    }
    let evaluated = rules.iter().filter(|rule| rule.evaluate);
    let told = evaluated.map(|rule| format!("{} (evaluate)", rule.told()));
    verdict.audited.extend(told);
    verdict
}

/// The rules of `policies.rules` that say something of holding the call back, the nearest first.
fn rules_about<'a>(question: &Question<'a>) -> Vec<&'a PolicyRule> {
    let Some(call) = &question.call else {
        return Vec::new();
    };
    let action = Some(call.action).filter(|action| !action.is_empty());
    let (workflow, adapter) = (Some(call.workflow), Some(call.adapter));
    let mut rules = question.catalog.rules_about(workflow, adapter, action);
    rules.retain(|rule| rule.gates());
    rules
}

fn ruled(effect: ManEffect, name: &str, verdict: &mut Verdict) {
    match effect {
        ManEffect::Block => verdict.blocked.push(format!("rule {name}")),
        ManEffect::Audit => verdict.audited.push(format!("rule {name} audits it")),
        ManEffect::Require => verdict.reasons.push(format!("rule {name} requires it")),
    }
}

/// The highest level that a policy, the nearest rule or the step (else the action) gives.
fn risk(question: &Question<'_>, rules: &[&PolicyRule], verdict: &mut Verdict) -> Option<Risk> {
    let call = question.call.as_ref();
    let own = question
        .risk
        .or_else(|| action_risk(question.catalog, call?));
    let mut enforced = rules.iter().filter(|rule| !rule.evaluate);
    let mut level = own.max(enforced.find_map(|rule| rule.risk));
    for policy in question.catalog.risk_policies.values() {
        let Some(call) = call else { break };
        verdict.evaluations += 1;
        if !holds(&policy.when, call, question) {
            continue;
        }
        if policy.evaluate {
            let (name, risk) = (&policy.name, policy.level.as_str());
            let told = format!("risk policy {name} would make it {risk} (evaluate)");
            verdict.audited.push(told);
        } else {
            level = level.max(Some(policy.level));
        }
    }
    level
}

fn action_risk(catalog: &Catalog, call: &Call<'_>) -> Option<Risk> {
    catalog
        .adapters
        .get(call.adapter)?
        .actions
        .get(call.action)?
        .risk
}

fn own_word(question: &Question<'_>, verdict: &mut Verdict) {
    if question.mode == Some(GateMode::Always) {
        verdict.reasons.push("the step says so".to_owned());
    } else if question.when {
        verdict.reasons.push("the step's `when` holds".to_owned());
    }
}

fn threshold(question: &Question<'_>, verdict: &mut Verdict) {
    let (risk, threshold) = (verdict.risk, question.catalog.man_mode_threshold());
    if let (Some(risk), Some(threshold)) = (risk, threshold)
        && risk >= threshold
        && question.mode != Some(GateMode::Never)
    {
        let (risk, threshold) = (risk.as_str(), threshold.as_str());
        let told = format!("risk {risk} reaches the environment's threshold {threshold}");
        verdict.reasons.push(told);
    }
}

fn apply(policy: &ManPolicy, verdict: &mut Verdict) {
    let name = &policy.name;
    if policy.evaluate {
        let effect = match policy.effect {
            ManEffect::Require => "require an approval of it",
            ManEffect::Block => "block it",
            ManEffect::Audit => "audit it",
        };
        let told = format!("policy {name} would {effect} (evaluate)");
        return verdict.audited.push(told);
    }
    match policy.effect {
        ManEffect::Block => verdict.blocked.push(format!("policy {name}")),
        ManEffect::Audit => verdict.audited.push(format!("policy {name} audits it")),
        ManEffect::Require => {
            verdict.reasons.push(format!("policy {name} requires it"));
            verdict.approvers.extend(policy.approvers.iter().cloned());
            verdict.four_eyes |= policy.four_eyes;
        }
    }
}

/// Whether a policy matches: a missing field does not, any other error does (fail closed).
fn holds(when: &Program, call: &Call<'_>, question: &Question<'_>) -> bool {
    let scope = PolicyScope {
        call,
        catalog: question.catalog,
    };
    match when.evaluate_bool(&scope, question.now) {
        Ok(held) => held,
        Err(error) => error.kind != EvalErrorKind::MissingField,
    }
}

struct PolicyScope<'a> {
    call: &'a Call<'a>,
    catalog: &'a Catalog,
}

impl Variables for PolicyScope<'_> {
    fn get(&self, root: &str, member: Option<&str>, _field: Option<&str>) -> Option<Arc<Value>> {
        let text = |text: &str| Some(Arc::new(Value::String(text.to_owned())));
        match (root, member) {
            ("adapter", None) => text(self.call.adapter),
            ("action", None) => text(self.call.action),
            ("step", None) => text(self.call.step),
            ("call", None) => Some(Arc::clone(&self.call.call)),
            ("input", None) => Some(Arc::clone(&self.call.input)),
            ("env", Some(name)) => self.catalog.env(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use definition::{ActionSpec, AdapterSpec, ResourceSet, no_settings_check};
    use serde_json::json;

    use super::*;

    const POLICIES: &str = r#"
environments: { prod: { man-mode-threshold: high } }
policies:
  risk:
    - { name: large, when: call.amount > 1000, level: high }
    - { name: deletes, when: "action == 'delete'", level: critical }
    - { name: trial, when: "true", level: critical, mode: evaluate }
  man-mode:
    - { name: vip, when: input.vip, approvers: [role:vip], four-eyes: true }
    - { name: never, when: "action == 'wipe'", effect: block }
    - { name: look, when: "adapter == 'mail'", effect: audit }
    - { name: broken, when: call.amount / call.zero > 1 }
"#;

    fn catalog() -> Catalog {
        let (set, _) = ResourceSet::parse(vec![("p.yaml".into(), POLICIES.into())]);
        let base = Catalog {
            environment: "prod".into(),
            ..Catalog::default()
        };
        let mut catalog = set
            .apply_to(&base, &no_settings_check)
            .expect("applies")
            .new;
        let refund = ActionSpec {
            risk: Some(Risk::Medium),
            ..ActionSpec::default()
        };
        let spec = AdapterSpec {
            name: "bank".into(),
            kind: "builtin".into(),
            default_action: None,
            retry: None,
            timeout_ms: None,
            concurrency: None,
            breaker: None,
            rate: None,
            actions: [("refund".to_owned(), refund)].into(),
            settings: Arc::default(),
        };
        catalog.adapters.insert("bank".into(), Arc::new(spec));
        catalog
    }

    fn check(
        mode: Option<GateMode>,
        risk: Option<Risk>,
        call: Option<(&str, &str, Value)>,
        expected: (&str, &[&str], &[&str]),
    ) {
        let catalog = catalog();
        let call = call.map(|(adapter, action, call)| Call {
            adapter,
            action,
            workflow: "w",
            step: "s",
            input: Arc::new(json!({ "vip": call["vip"] == true })),
            call: Arc::new(call),
        });
        let verdict = judge(&Question {
            catalog: &catalog,
            mode,
            when: false,
            risk,
            call,
            now: 0,
        });
        let level = verdict.risk.map_or("", Risk::as_str);
        assert_eq!(level, expected.0);
        assert_eq!(verdict.reasons, expected.1);
        assert_eq!(verdict.blocked, expected.2);
        assert_eq!(verdict.four_eyes, verdict.approvers == ["role:vip"]);
    }

    #[test]
    fn risk_is_the_highest_that_anything_says() {
        let reached = "risk high reaches the environment's threshold high";
        let critical = "risk critical reaches the environment's threshold high";
        let call = |amount: i64| Some(("bank", "refund", json!({ "amount": amount })));
        check(None, None, call(5), ("medium", &[], &[]));
        check(None, None, call(5_000), ("high", &[reached], &[]));
        check(None, Some(Risk::Low), call(5), ("low", &[], &[]));
        check(
            Some(GateMode::Risk),
            Some(Risk::High),
            None,
            ("high", &[reached], &[]),
        );
        let delete = Some(("bank", "delete", json!({})));
        check(
            None,
            Some(Risk::Low),
            delete,
            ("critical", &[critical], &[]),
        );
    }

    #[test]
    fn opting_out_is_of_the_threshold_and_never_of_a_policy() {
        let never = Some(GateMode::Never);
        let large = Some(("bank", "refund", json!({ "amount": 5_000 })));
        check(never, None, large, ("high", &[], &[]));
        let vip = Some(("bank", "refund", json!({ "vip": true })));
        check(
            never,
            None,
            vip,
            ("medium", &["policy vip requires it"], &[]),
        );
        let always = Some(GateMode::Always);
        check(always, None, None, ("", &["the step says so"], &[]));
    }

    #[test]
    fn a_policy_blocks_and_an_error_counts_as_a_match() {
        check(
            None,
            None,
            Some(("bank", "wipe", json!({}))),
            ("", &[], &["policy never"]),
        );
        let zero = Some(("x", "", json!({ "amount": 1, "zero": 0 })));
        check(None, None, zero, ("", &["policy broken requires it"], &[]));
    }

    #[test]
    fn what_is_audited_or_only_evaluated_holds_nothing_back() {
        let catalog = catalog();
        let verdict = judge(&Question {
            catalog: &catalog,
            mode: None,
            when: false,
            risk: None,
            call: Some(Call {
                adapter: "mail",
                workflow: "w",
                action: "",
                step: "s",
                call: Arc::default(),
                input: Arc::default(),
            }),
            now: 0,
        });
        assert_eq!((verdict.risk, verdict.reasons.len()), (None, 0));
        let told = [
            "risk policy trial would make it critical (evaluate)",
            "policy look audits it",
        ];
        assert_eq!(verdict.audited, told);
    }
}
