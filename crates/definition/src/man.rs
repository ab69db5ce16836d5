//! MAN Mode as the engine reads it: what holds a step back, how a person is asked, and the policies
//! about risk.

use std::sync::Arc;

use expression::{Program, Template};
use serde_json::Value;

use crate::input::{InputCheck, InputError};
use crate::workflow::Duration;

/// How risky something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Risk {
    /// Its word in the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The risk of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|risk| risk.as_str() == word)
    }
}

/// What a step says about its being held back.
#[derive(Debug)]
pub struct Gate {
    /// When.
    pub mode: GateMode,
    /// Gates it where it holds.
    pub when: Option<Program>,
    /// The step's own `risk`.
    pub risk: Option<Risk>,
    /// How a person is asked; none: by the defaults.
    pub ask: Option<Ask>,
}

/// When a step is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateMode {
    /// `man-mode: false`: only where a policy says so.
    Never,
    /// Where its risk, a policy or its `when` says so.
    Risk,
    /// `man-mode: true`, `always: true`.
    Always,
}

/// How a person is asked.
#[derive(Debug, Default)]
pub struct Ask {
    /// The question in words.
    pub prompt: Option<Template>,
    /// What a person needs to see.
    pub show: Option<Template>,
    /// What is approved and may be amended.
    pub data: Option<Template>,
    /// What an answer's data must fit.
    pub form: Option<Form>,
    /// `user:NAME`, `role:NAME`; none: any caller with the permission to decide.
    pub approvers: Option<Template>,
    /// How many must approve; none means one.
    pub quorum: Option<u32>,
    /// An answer needs a comment.
    pub comment_required: bool,
    /// When is reminded, in milliseconds after the request.
    pub reminders: Vec<u64>,
    /// How long is waited.
    pub timeout: Option<Duration>,
    /// What then.
    pub on_timeout: OnTimeout,
    /// Who decides after an escalation.
    pub escalate_to: Option<Template>,
    /// Someone who may answer may hand that on.
    pub delegate: bool,
    /// Calls that tell of it.
    pub notify: Vec<Notice>,
}

/// A call that tells of a decision.
#[derive(Debug)]
pub struct Notice {
    /// The adapter.
    pub adapter: String,
    /// Its action; none means its default.
    pub action: Option<String>,
    /// Its input; none means all of `decision`.
    pub input: Option<Template>,
}

/// What the end of the time does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnTimeout {
    /// It counts as approved.
    Approve,
    /// It counts as rejected.
    #[default]
    Reject,
    /// Others are asked for the same time once more, then it counts as rejected.
    Escalate,
    /// It is waited on without an end.
    Pause,
}

/// What the rejection of a `decision` step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReject {
    /// The outcome is the step's output.
    Continue,
    /// The step fails.
    Fail,
}

/// A schema that data of an answer must fit.
#[derive(Debug)]
pub struct Form {
    /// As it was written.
    pub schema: Arc<Value>,
    check: InputCheck,
}

impl Form {
    /// Compiles a schema.
    ///
    /// # Errors
    /// What makes it no valid JSON Schema.
    pub fn compile(schema: Value) -> Result<Self, String> {
        let check = InputCheck::compile(&schema)?;
        let schema = Arc::new(schema);
        Ok(Self { schema, check })
    }

    /// What is wrong with data; nothing where it fits.
    #[must_use]
    pub fn check(&self, data: &Value) -> Vec<InputError> {
        self.check.check(data)
    }
}

/// A rule that says how risky a call is.
#[derive(Debug)]
pub struct RiskPolicy {
    /// Its name.
    pub name: String,
    /// The calls that it is about.
    pub when: Program,
    /// How risky they are.
    pub level: Risk,
    /// It only records what it would have done.
    pub evaluate: bool,
}

/// A rule that holds calls back.
#[derive(Debug)]
pub struct ManPolicy {
    /// Its name.
    pub name: String,
    /// The calls that it is about.
    pub when: Program,
    /// What it does to them.
    pub effect: ManEffect,
    /// Who may answer where the step does not say.
    pub approvers: Vec<String>,
    /// Whoever started the instance cannot be the only one who approves.
    pub four_eyes: bool,
    /// It only records what it would have done.
    pub evaluate: bool,
}

/// What a policy does to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManEffect {
    /// A person must approve.
    Require,
    /// It is refused.
    Block,
    /// It runs and is recorded for review.
    Audit,
}

impl ManEffect {
    /// Its word in the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Require => "require",
            Self::Block => "block",
            Self::Audit => "audit",
        }
    }

    /// The effect of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Require, Self::Block, Self::Audit];
        all.into_iter().find(|effect| effect.as_str() == word)
    }
}

/// Whether a text names who may answer.
#[must_use]
pub fn is_approver(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(kind, name)| matches!(kind, "user" | "role") && !name.trim().is_empty())
}
