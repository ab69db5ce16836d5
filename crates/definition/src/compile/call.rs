//! Calls of adapters and children, and how they are undone.

use serde_json::json;

use super::context::{Lowering, UseKind};
use super::expressions::Place;
use super::known::BareName;
use super::visibility::Moment;
use crate::diagnostic::At;
use crate::policy::read_retry_choice;
use crate::source::Node;
use crate::workflow::{
    Action, Child, Compensation, Placement, RetryChoice, StepIx, Task, Undo, Verify,
};

impl Lowering<'_> {
    pub(super) fn task(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let place = self.at_start(step);
        let adapter = node.text_at("adapter")?.to_owned();
        let action = node.text_at("action").map(str::to_owned);
        if let Some(computed) = node
            .get("action")
            .filter(|action| action.text().is_some_and(|text| text.contains("${")))
        {
            self.report
                .not_yet(&At::node(computed), "a computed `action`");
        } else if let Some(named) = node.get("adapter") {
            self.note(
                named,
                UseKind::Adapter {
                    name: adapter.clone(),
                    action: action.clone(),
                },
            );
        }
        let input = self.template_at(
            node,
            "input",
            &Place {
                secrets: true,
                ..place.clone()
            },
        );
        let idempotency_key = self.template_at(node, "idempotency-key", &place);
        let retry = self.retry(node);
        let priority = self.priority(node, &place);
        let concurrency = self.step_concurrency(node, &place);
        Some(Action::Task(Task {
            adapter,
            action,
            input,
            idempotency_key,
            retry,
            priority,
            concurrency,
            cache: self.cache(node, &place),
        }))
    }

    pub(super) fn child(&mut self, step: StepIx, node: &Node) -> Option<Action> {
        let place = self.at_start(step);
        let named = node.get("workflow")?;
        let workflow = named.text()?.to_owned();
        let version = node
            .text_at("version")
            .and_then(|range| semver::VersionReq::parse(range).ok());
        self.note(
            named,
            UseKind::Workflow {
                name: workflow.clone(),
                range: version.clone(),
            },
        );
        let input = self.template_at(node, "input", &place);
        let detach = node.get("detach").and_then(Node::bool).unwrap_or_default();
        let retry = self.retry(node);
        let placement = match node.get("placement").and_then(Node::text) {
            Some("near") => Some(Placement::Near),
            Some("spread") => Some(Placement::Spread),
            _ => None,
        };
        Some(Action::Child(Child {
            workflow,
            version,
            input,
            detach,
            placement,
            retry,
        }))
    }

    /// The `retry` of a step, a compensation or the workflow's defaults.
    pub(super) fn retry(&mut self, node: &Node) -> Option<RetryChoice> {
        let node = node.get("retry")?;
        let choice = read_retry_choice(node)?;
        if let RetryChoice::Named(name) = &choice {
            self.note(node, UseKind::Policy(name.clone()));
        }
        Some(choice)
    }

    pub(super) fn compensation(&mut self, step: StepIx, node: &Node) -> Option<Compensation> {
        let own = node.text_at("adapter");
        let given = node.get("compensation")?;
        let place = self.place(self.outline.step(step).list, Moment::Undo(step), &[]);
        let undo = self.undo(own, given)?;
        let timeout = given
            .text_at("timeout")
            .and_then(|text| expression::duration::parse(text).ok());
        let verify = node.get("verify").or_else(|| given.get("verify"));
        Some(Compensation {
            undo,
            input: self.template_at(given, "input", &place),
            retry: self.retry(given),
            timeout_ms: timeout,
            verify: verify.and_then(|verify| self.verify(own, verify, &place)),
        })
    }

    fn undo(&mut self, own: Option<&str>, given: &Node) -> Option<Undo> {
        if let Some(name) = given.text() {
            return self.bare_undo(own, given, name);
        }
        if let Some(workflow) = given.get("workflow") {
            let name = workflow.text()?.to_owned();
            self.note(
                workflow,
                UseKind::Workflow {
                    name: name.clone(),
                    range: None,
                },
            );
            return Some(Undo::Workflow(name));
        }
        let (adapter, action) = self.callee(own, given)?;
        Some(Undo::Adapter { adapter, action })
    }

    fn bare_undo(&mut self, own: Option<&str>, given: &Node, name: &str) -> Option<Undo> {
        let meant = self.known.bare_name(own, name);
        match meant {
            BareName::Unknown => self.note(given, UseKind::Undo(name.to_owned())),
            BareName::Adapter => {
                let (name, action) = (name.to_owned(), None);
                self.note(given, UseKind::Adapter { name, action });
            }
            BareName::Action | BareName::Workflow => {}
        }
        let (stored, undo) = match (meant, own) {
            (BareName::Adapter, _) | (BareName::Action, None) => (
                json!({ "adapter": name }),
                Undo::Adapter {
                    adapter: name.to_owned(),
                    action: None,
                },
            ),
            (BareName::Workflow, _) | (BareName::Unknown, None) => {
                (json!({ "workflow": name }), Undo::Workflow(name.to_owned()))
            }
            (BareName::Action | BareName::Unknown, Some(own)) => (
                json!({ "adapter": own, "action": name }),
                Undo::Adapter {
                    adapter: own.to_owned(),
                    action: Some(name.to_owned()),
                },
            ),
        };
        self.collected.replaced.push((given.path.pointer(), stored));
        Some(undo)
    }

    fn verify(&mut self, own: Option<&str>, given: &Node, place: &Place) -> Option<Verify> {
        let (adapter, action) = match given.text() {
            Some(name) if self.known.bare_name(own, name) == BareName::Adapter => {
                (name.to_owned(), None)
            }
            Some(name) => (own?.to_owned(), Some(name.to_owned())),
            None => self.callee(own, given)?,
        };
        if given.text().is_some() {
            let stored = action.as_ref().map_or_else(
                || json!({ "adapter": adapter }),
                |action| json!({ "adapter": adapter, "action": action }),
            );
            self.collected.replaced.push((given.path.pointer(), stored));
            self.note(
                given,
                UseKind::Adapter {
                    name: adapter.clone(),
                    action: action.clone(),
                },
            );
        }
        Some(Verify {
            adapter,
            action,
            input: self.template_at(given, "input", place),
        })
    }

    /// The adapter and action of a mapping; the step's own adapter where it names none.
    fn callee(&mut self, own: Option<&str>, given: &Node) -> Option<(String, Option<String>)> {
        let adapter = given.text_at("adapter").or(own);
        let Some(adapter) = adapter.map(str::to_owned) else {
            let message =
                "expected `adapter` or `workflow`, for the step has no adapter of its own";
            self.report.error(
                &crate::diagnostic::codes::MISSING_KEY,
                &At::node(given),
                message,
            );
            return None;
        };
        let action = given.text_at("action").map(str::to_owned);
        self.note(
            given,
            UseKind::Adapter {
                name: adapter.clone(),
                action: action.clone(),
            },
        );
        Some((adapter, action))
    }
}
