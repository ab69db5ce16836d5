//! Decisions as people read them.

use crate::id::Id;
use crate::record::{Choice, DecisionKind};
use crate::state::{Instance, LaneStatus, PendingDecision, Phase, StepStatus};

/// Begins a place in a notice's input where a link is put when the call is made: a link is an
/// authority, and so never stands in the journal. The decision's id makes it unforgeable by data
/// that was there before.
pub const LINK_PREFIX: &str = "{{orchestrator-decision/";
/// Ends such a place.
pub const LINK_SUFFIX: &str = "}}";

/// The place of a link in a notice's input: of the decision's page, or of one answer.
pub fn decision_link(id: Id, notice: u32, verb: &str) -> String {
    format!("{LINK_PREFIX}{id}/{notice}/{verb}{LINK_SUFFIX}")
}

/// The decision, notice and verb of a link's place, without prefix and suffix.
pub fn parse_decision_link(text: &str) -> Option<(Id, u32, &str)> {
    let mut parts = text.splitn(3, '/');
    let id = parts.next()?.parse().ok()?;
    let notice = parts.next()?.parse().ok()?;
    Some((id, notice, parts.next()?))
}

impl DecisionKind {
    /// The word that the API shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::CompensationFailed => "compensation-failed",
            Self::Approval => "approval",
            Self::Question => "question",
            Self::InstanceFailed => "instance-failed",
            Self::UndoApproval => "compensation-approval",
        }
    }
}

impl Choice {
    /// The word that the API shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::Fail => "fail",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Amend => "amend",
            Self::Supply => "supply",
            Self::Compensate => "compensate",
            Self::Done => "done",
            Self::Expire => "expire",
        }
    }

    /// The choice of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [
            Self::Retry,
            Self::Skip,
            Self::Fail,
            Self::Approve,
            Self::Reject,
            Self::Amend,
            Self::Supply,
            Self::Compensate,
            Self::Done,
        ];
        all.into_iter().find(|choice| choice.as_str() == word)
    }
}

impl Instance {
    /// The question of a decision in words.
    pub fn decision_prompt(&self, decision: &PendingDecision) -> String {
        let asked = decision.asking.as_deref().map(|asking| &asking.asked);
        if let Some(asked) = asked.filter(|asked| !asked.prompt.is_empty()) {
            return asked.prompt.clone();
        }
        let workflow = &self.header().started.workflow;
        let step = self.step_name(decision.task.at);
        let error = &decision.error;
        let why = format!("({}: {})", error.error_type, error.message);
        match decision.kind() {
            DecisionKind::Exhausted => {
                format!("{step} of {workflow} has no attempt left {why}")
            }
            DecisionKind::CompensationFailed => {
                format!("{step} of {workflow} could not be undone {why}")
            }
            DecisionKind::Approval => {
                let reasons = asked.map(|asked| asked.reasons.join("; "));
                let reasons = reasons.unwrap_or_default();
                format!("may {step} of {workflow} run? ({reasons})")
            }
            DecisionKind::UndoApproval => {
                let reasons = asked.map(|asked| asked.reasons.join("; "));
                let reasons = reasons.unwrap_or_default();
                format!("may {step} of {workflow} be undone? ({reasons})")
            }
            DecisionKind::Question => format!("{step} of {workflow} asks"),
            DecisionKind::InstanceFailed => {
                let error = self.error().map_or("", |error| error.message.as_str());
                format!("{workflow} failed ({error}): is what it did undone?")
            }
        }
    }

    /// What can be chosen in a decision.
    pub fn decision_choices(&self, decision: &PendingDecision) -> Vec<Choice> {
        match decision.kind() {
            DecisionKind::Exhausted => self.choices_of_failure(decision),
            DecisionKind::CompensationFailed => {
                vec![Choice::Retry, Choice::Skip, Choice::Done, Choice::Fail]
            }
            DecisionKind::Approval | DecisionKind::Question | DecisionKind::UndoApproval => {
                vec![Choice::Approve, Choice::Amend, Choice::Reject]
            }
            DecisionKind::InstanceFailed => {
                let asking = decision.asking.as_deref();
                let choices = asking.map(|asking| asking.asked.choices.as_slice());
                let choices = choices.unwrap_or_default().iter();
                choices
                    .filter_map(|choice| Choice::try_from(*choice).ok())
                    .collect()
            }
        }
    }

    fn choices_of_failure(&self, decision: &PendingDecision) -> Vec<Choice> {
        let all = [
            Choice::Retry,
            Choice::Amend,
            Choice::Skip,
            Choice::Supply,
            Choice::Compensate,
            Choice::Fail,
        ];
        // What is ending already, as in `finally`, cannot be given up once more.
        let runs = self.phase() == Phase::Running && self.root_status() == LaneStatus::Running;
        let offered = |choice: &Choice| match choice {
            Choice::Amend => self.can_be_called_again(decision),
            Choice::Compensate => runs,
            _ => true,
        };
        all.into_iter().filter(offered).collect()
    }

    /// Whether the step was called or started, so that another input makes another call.
    pub(crate) fn can_be_called_again(&self, decision: &PendingDecision) -> bool {
        let step = self.step(decision.task.at);
        step.is_some_and(|step| {
            let called = step.plan.is_some() || step.child.is_some();
            called && step.status() == StepStatus::Deciding
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_link_names_decision_notice_and_verb() {
        let id = Id::new(1_760_000_000_000, 99, 7);
        let place = decision_link(id, 2, "approve");
        let inner = place.strip_prefix(LINK_PREFIX).unwrap();
        let inner = inner.strip_suffix(LINK_SUFFIX).unwrap();
        assert_eq!(parse_decision_link(inner), Some((id, 2, "approve")));
        assert_eq!(parse_decision_link("x/1/approve"), None);
    }
}
