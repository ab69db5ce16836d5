//! What starts a workflow.

use expression::{Program, Template};
use schedule::Schedule;

use crate::window::Window;
use crate::workflow::error_matches;

/// What starts a workflow.
#[derive(Debug)]
pub struct Trigger {
    /// Its id (default: index and kind).
    pub id: String,
    /// Its kind.
    pub kind: TriggerKind,
    /// Starts only if this holds (sees `event`, `meta`, `env`, `now`, `adapters`).
    pub condition: Option<Program>,
    /// The input; none means the event's data.
    pub input: Option<Template>,
    /// How its events are gathered or held back; none: each starts an instance at once.
    pub window: Option<Window>,
}

impl Trigger {
    /// The input where it is made of each event as it comes, and not when a window closes.
    #[must_use]
    pub fn input_of_each(&self) -> Option<&Template> {
        let gathers = self.window.as_ref().is_some_and(Window::gathers);
        self.input.as_ref().filter(|_| !gathers)
    }
}

/// Kinds of triggers.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerKind {
    /// By API or CLI only.
    Manual,
    /// `POST /api/v1/hooks/{source}`.
    Webhook(WebhookTrigger),
    /// An event of some type.
    Event(EventTrigger),
    /// The end of another workflow's instance.
    Workflow(EndedTrigger),
    /// The time.
    Schedule(Box<Schedule>),
}

/// A trigger of webhooks.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookTrigger {
    /// The hook's name.
    pub source: String,
    /// How its signature is checked; none: it is not.
    pub verify: Option<SignatureSpec>,
    /// Where its event id stands; none: where the scheme of `verify` has it, if any.
    pub event_id: Option<EventId>,
}

/// A trigger of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTrigger {
    /// The type, exact or with a trailing `*`.
    pub event_type: String,
    /// Only events of this source; none: of any.
    pub source: Option<String>,
}

impl EventTrigger {
    /// Whether an event of this type and source starts it, as far as they say.
    pub fn matches(&self, event_type: &str, source: &str) -> bool {
        error_matches(&self.event_type, event_type)
            && self.source.as_ref().is_none_or(|own| own == source)
    }
}

/// A trigger of ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedTrigger {
    /// The workflow whose instances end.
    pub name: String,
    /// How they end.
    pub on: Vec<String>,
}

impl EndedTrigger {
    /// Whether a lifecycle event of this type starts it.
    pub fn takes(&self, event: &str) -> bool {
        let end = event.strip_prefix("workflow.");
        end.is_some_and(|end| self.on.iter().any(|on| on == end))
    }
}

/// How a webhook's signature is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureSpec {
    /// How the sender signs.
    pub scheme: SignatureScheme,
    /// Names of secrets, at least one; any of them may have signed.
    pub secrets: Vec<String>,
}

/// How a sender of webhooks signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureScheme {
    /// [Standard Webhooks](https://www.standardwebhooks.com), symmetric signatures (`v1`).
    StandardWebhooks {
        /// How far the time of signing may lie from now, in milliseconds.
        tolerance_ms: u64,
    },
    /// `X-Hub-Signature-256`.
    Github,
    /// `Stripe-Signature`.
    Stripe {
        /// As of [`Self::StandardWebhooks`].
        tolerance_ms: u64,
    },
    /// HMAC-SHA256 of the body in a header of the sender's choice.
    Hmac {
        /// The header that bears the signature, in hex or Base64, with or without `sha256=` before it.
        header: String,
        /// The header that bears the time of signing, in seconds, and how far that may lie from now,
        /// in milliseconds; what is signed is then `TIME.BODY`.
        timestamp: Option<(String, u64)>,
    },
}

impl SignatureScheme {
    /// Its word in documents.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::StandardWebhooks { .. } => "standard-webhooks",
            Self::Github => "github",
            Self::Stripe { .. } => "stripe",
            Self::Hmac { .. } => "hmac",
        }
    }
}

/// Where a webhook's event id stands.
#[derive(Clone, Debug, PartialEq)]
pub enum EventId {
    /// In this header.
    Header(String),
    /// In the event (sees `event`, `meta`, `env`, `now`); a text or a number.
    Expression(Program),
}
