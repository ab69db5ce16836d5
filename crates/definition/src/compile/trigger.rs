//! What starts a workflow, and how a webhook is checked.

use expression::duration;

use super::context::{Lowering, Use, UseKind};
use crate::check::is_kebab_case;
use crate::diagnostic::{At, codes};
use crate::event::{EVENT_TYPE, is_event_type};
use crate::source::{Node, NodeValue};
use crate::trigger::{
    EndedTrigger, EventId, EventTrigger, SignatureScheme, SignatureSpec, Trigger, TriggerKind,
    WebhookTrigger,
};

/// The keys that belong to one kind of trigger, with the kinds.
const OF_KINDS: &[(&str, &[&str])] = &[
    ("source", &["webhook", "event"]),
    ("verify", &["webhook"]),
    ("event-id", &["webhook"]),
    ("event-type", &["event"]),
    ("name", &["workflow"]),
    ("on", &["workflow"]),
    ("cron", &["schedule"]),
    ("every", &["schedule"]),
    ("time-zone", &["schedule"]),
    ("jitter", &["schedule"]),
    ("catch-up", &["schedule"]),
    ("overlap", &["schedule"]),
    ("debounce", COMING),
    ("batch", COMING),
    ("throttle", COMING),
];

/// The kinds that something comes by, of itself.
const COMING: &[&str] = &["webhook", "event", "schedule", "workflow"];

/// How far a time of signing may lie from now where nothing is said, in milliseconds.
const DEFAULT_TOLERANCE_MS: u64 = 300_000;
/// The least and the most that may be said, in milliseconds.
const TOLERANCE_MS: std::ops::RangeInclusive<u64> = 1_000..=3_600_000;
/// What an `event-id` in a header begins with.
const HEADER: &str = "header:";
/// No list of secrets is longer.
const MAX_SECRETS: usize = 8;

impl Lowering<'_> {
    pub(super) fn triggers(&mut self, workflow: &Node) -> Vec<Trigger> {
        if let (Some(_), Some(both)) = (workflow.get("trigger"), workflow.entry("triggers")) {
            let message = "`triggers` stands instead of `trigger`, not beside it";
            self.report
                .error(&codes::MISPLACED, &At::key(both), message);
        }
        let one = workflow.get("trigger").into_iter();
        let all: Vec<_> = one
            .chain(
                workflow
                    .get("triggers")
                    .map(Node::items)
                    .unwrap_or_default(),
            )
            .collect();
        let mut triggers: Vec<Trigger> = Vec::new();
        for (index, node) in all.into_iter().enumerate() {
            let Some(trigger) = self.trigger(index, node, workflow) else {
                continue;
            };
            if triggers.iter().any(|other| other.id == trigger.id) {
                let message = format!("the trigger id `{}` is given twice", trigger.id);
                self.report
                    .error(&codes::DUPLICATE_ID, &At::node(node), message);
            }
            triggers.push(trigger);
        }
        triggers
    }

    fn trigger(&mut self, index: usize, node: &Node, workflow: &Node) -> Option<Trigger> {
        let word = node.text_at("type")?;
        let id = node
            .text_at("id")
            .map_or_else(|| format!("{index}-{word}"), str::to_owned);
        let place = self.routing();
        let condition = self.condition_at(node, "condition", &place);
        let window = self.window(node);
        let input_place = match &window {
            Some(window) if window.keeps_all() => self.of_window(),
            _ => place,
        };
        let input = self.template_at(node, "input", &input_place);
        let kind = match word {
            "manual" => Some(TriggerKind::Manual),
            "webhook" => self.webhook(node).map(TriggerKind::Webhook),
            "event" => self.event(node).map(TriggerKind::Event),
            "workflow" => {
                let own = workflow.text_at("name");
                self.end_of_workflow(node, own).map(TriggerKind::Workflow)
            }
            "schedule" => self.schedule(node).map(Box::new).map(TriggerKind::Schedule),
            // Not available yet, or no kind at all, which was reported.
            _ => return None,
        };
        for (key, kinds) in OF_KINDS {
            if let Some(entry) = node.entry(key).filter(|_| !kinds.contains(&word)) {
                let kinds = kinds.join("` or `");
                let message = format!("`{key}` belongs to a trigger of type `{kinds}`");
                self.report
                    .error(&codes::MISPLACED, &At::key(entry), message);
            }
        }
        Some(Trigger {
            id,
            kind: kind?,
            condition,
            input,
            window,
        })
    }

    fn event(&mut self, node: &Node) -> Option<EventTrigger> {
        let Some(given) = node.get("event-type") else {
            let message = "an event trigger lacks the key `event-type`";
            let found = self
                .report
                .error(&codes::MISSING_KEY, &At::node(node), message);
            found.hint("add `event-type: ...`, a type such as `order.created`, or `order.*`");
            return None;
        };
        let text = given.text()?;
        let name = text.strip_suffix('*').unwrap_or(text);
        if !(is_event_type(name) || text == "*") || name.contains('*') {
            let message = format!(
                "expected {EVENT_TYPE}, exact or with one `*` at its end, but found {}",
                given.to_json()
            );
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
            return None;
        }
        Some(EventTrigger {
            event_type: text.to_owned(),
            source: node.text_at("source").map(str::to_owned),
        })
    }

    fn end_of_workflow(&mut self, node: &Node, own: Option<&str>) -> Option<EndedTrigger> {
        let Some(given) = node.get("name") else {
            let message = "a workflow trigger lacks the key `name`";
            let found = self
                .report
                .error(&codes::MISSING_KEY, &At::node(node), message);
            found.hint("add `name: ...`, the workflow whose end starts this one");
            return None;
        };
        let name = given.text()?.to_owned();
        if own == Some(name.as_str()) {
            let message = "a workflow whose own end starts it would never come to rest";
            let found = self
                .report
                .error(&codes::BAD_VALUE, &At::node(given), message);
            found.hint("name another workflow, or use a `repeat` step");
            return None;
        }
        self.collected.uses.push(Use {
            at: At::node(given),
            kind: UseKind::Workflow {
                name: name.clone(),
                range: None,
            },
        });
        let on = node.get("on").map(one_or_all).unwrap_or_default();
        let on: Vec<String> = on
            .iter()
            .filter_map(Node::text)
            .map(str::to_owned)
            .collect();
        Some(EndedTrigger {
            name,
            on: if on.is_empty() {
                vec!["completed".to_owned()]
            } else {
                on
            },
        })
    }

    fn webhook(&mut self, node: &Node) -> Option<WebhookTrigger> {
        let verify = self.signature(node);
        let event_id = self.event_id(node);
        let Some(given) = node.get("source") else {
            let message = "a webhook trigger lacks the key `source`";
            let found = self
                .report
                .error(&codes::MISSING_KEY, &At::node(node), message);
            found.hint("add `source: ...`, the name in /api/v1/hooks/{source}");
            return None;
        };
        let source = given.text()?;
        if !is_kebab_case(source) {
            let message = format!("expected a name in kebab-case, but found `{source}`");
            let found = self
                .report
                .error(&codes::BAD_NAME, &At::node(given), message);
            found.hint("it stands in /api/v1/hooks/{source}");
            return None;
        }
        Some(WebhookTrigger {
            source: source.to_owned(),
            verify,
            event_id,
        })
    }

    fn event_id(&mut self, node: &Node) -> Option<EventId> {
        let given = node.get("event-id")?;
        let Some(header) = given.text().and_then(|text| text.strip_prefix(HEADER)) else {
            let place = self.of_event();
            return self.condition(given, &place).map(EventId::Expression);
        };
        self.header_name(given, header.trim()).map(EventId::Header)
    }

    fn header_name(&mut self, node: &Node, name: &str) -> Option<String> {
        if !is_header(name) {
            let message = format!("expected the name of a header, but found `{name}`");
            self.report
                .error(&codes::BAD_VALUE, &At::node(node), message);
            return None;
        }
        Some(name.to_owned())
    }

    fn signature(&mut self, trigger: &Node) -> Option<SignatureSpec> {
        let node = trigger.get("verify")?;
        let word = node.text_at("scheme")?;
        let secrets = self.secrets(node.get("secret")?);
        let header = |lowering: &mut Self, key: &str| {
            let given = node.get(key)?;
            lowering.header_name(given, given.text()?)
        };
        let (header, timestamp) = (header(self, "header"), header(self, "timestamp-header"));
        let signs_time = !matches!(word, "github" | "hmac") || timestamp.is_some();
        self.check_keys_of_scheme(node, word, signs_time);
        let tolerance_ms = self.tolerance(node);
        let scheme = match word {
            "standard-webhooks" => SignatureScheme::StandardWebhooks { tolerance_ms },
            "github" => SignatureScheme::Github,
            "stripe" => SignatureScheme::Stripe { tolerance_ms },
            "hmac" => SignatureScheme::Hmac {
                header: header?,
                timestamp: timestamp.map(|header| (header, tolerance_ms)),
            },
            _ => return None,
        };
        Some(SignatureSpec {
            scheme,
            secrets: secrets?,
        })
    }

    fn check_keys_of_scheme(&mut self, node: &Node, scheme: &str, signs_time: bool) {
        for key in ["header", "timestamp-header"] {
            if let Some(entry) = node.entry(key).filter(|_| scheme != "hmac") {
                let message = format!("`{key}` belongs to the scheme `hmac`");
                let found = self
                    .report
                    .error(&codes::MISPLACED, &At::key(entry), message);
                found.hint(format!("`{scheme}` has headers of its own"));
            }
        }
        if scheme == "hmac" && !node.has("header") {
            let message = "the scheme `hmac` lacks the key `header`";
            let found = self
                .report
                .error(&codes::MISSING_KEY, &At::node(node), message);
            found.hint("add `header: ...`, the one that bears the signature");
        }
        if let Some(entry) = node.entry("tolerance").filter(|_| !signs_time) {
            let message = format!("`{scheme}` signs no time that `tolerance` could be about");
            let found = self
                .report
                .error(&codes::MISPLACED, &At::key(entry), message);
            if scheme == "hmac" {
                found.hint("say which header bears the time: `timestamp-header: ...`");
            }
        }
    }

    fn tolerance(&mut self, node: &Node) -> u64 {
        let Some((given, text)) = node
            .get("tolerance")
            .and_then(|given| Some((given, given.text()?)))
        else {
            return DEFAULT_TOLERANCE_MS;
        };
        let tolerance = duration::parse(text).unwrap_or(DEFAULT_TOLERANCE_MS);
        if !TOLERANCE_MS.contains(&tolerance) {
            let message = format!("expected a duration from 1s to 1h, but found `{text}`");
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
        }
        tolerance
    }

    /// The names of the secrets; a secret itself is refused, for it would be stored and shown.
    pub(super) fn secrets(&mut self, node: &Node) -> Option<Vec<String>> {
        let given = one_or_all(node);
        if given.is_empty() || given.len() > MAX_SECRETS {
            let message = format!("expected 1 to {MAX_SECRETS} secrets");
            self.report
                .error(&codes::BAD_VALUE, &At::node(node), message);
        }
        let named: Vec<Option<String>> = given.iter().map(|item| self.secret(item)).collect();
        named.into_iter().collect()
    }

    fn secret(&mut self, node: &Node) -> Option<String> {
        let name = node.text().and_then(secret_named);
        if name.is_none() && !node.is_broken() {
            let message = "expected the name of a secret, not a secret or anything else";
            let found = self
                .report
                .error(&codes::LITERAL_SECRET, &At::node(node), message);
            found.hint("write `\"${ secrets.NAME }\"`; the server reads its value");
        }
        name.map(str::to_owned)
    }
}

/// A list's items, or the node itself.
fn one_or_all(node: &Node) -> &[Node] {
    match &node.value {
        NodeValue::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    }
}

/// The secret that a text names, when it is nothing else.
pub(crate) fn secret_named(text: &str) -> Option<&str> {
    let expression = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    let name = expression.trim().strip_prefix("secrets.")?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let well = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_part);
    well.then_some(name)
}

/// Letters, digits and the marks that HTTP allows in a header's name.
fn is_header(name: &str) -> bool {
    let mark = |c: char| "!#$%&'*+-.^_`|~".contains(c);
    (1..=128).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || mark(c))
}
