//! Event types.

use std::sync::Arc;

use expression::duration;
use serde_json::Value;

use super::context::{Lowering, Use};
use super::known::Known;
use super::resolved::put_names;
use super::stepless::without_steps;
use crate::diagnostic::{At, Report, codes};
use crate::event::{DEFAULT_KEEP_MS, EVENT_TYPE, EventType, is_event_type};
use crate::source::Node;

/// An event is kept at most so long for a wait that comes after it, in milliseconds.
const MAX_KEEP_MS: u64 = 30 * 86_400_000;

/// Lowers an event type whose shape was checked, and gives the names that have to be looked up among the other
/// resources. Everything else that is wrong is reported; without a type there is none.
pub(crate) fn lower_event(
    report: &mut Report,
    known: &Known<'_>,
    node: &Node,
) -> (Option<EventType>, Vec<Use>) {
    let (event, collected) =
        without_steps(report, known, node, |lowering| lowering.event_type(node));
    let mut document = node.to_json();
    put_names(&mut document, &collected);
    let event = event.map(|event| EventType {
        document: Arc::new(document),
        ..event
    });
    (event, collected.uses)
}

impl Lowering<'_> {
    fn event_type(&mut self, node: &Node) -> Option<EventType> {
        let name = self.type_name(node)?;
        let keep_ms = self.keep(node);
        let (schema, check) = self.schema(node.get("schema"));
        let key = self.event_key(node);
        Some(EventType {
            name,
            key,
            schema,
            check,
            keep_ms,
            document: Arc::new(Value::Null),
        })
    }

    /// The `type` of an event.
    pub(super) fn type_name(&mut self, node: &Node) -> Option<String> {
        let given = node.get("type")?;
        let text = given.text()?;
        if !is_event_type(text) {
            let message = format!("expected {EVENT_TYPE}, but found {}", given.to_json());
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
            return None;
        }
        Some(text.to_owned())
    }

    fn keep(&mut self, node: &Node) -> u64 {
        let Some(given) = node.get("keep") else {
            return DEFAULT_KEEP_MS;
        };
        let keep = given.text().and_then(|text| duration::parse(text).ok());
        if keep.is_some_and(|keep| keep > MAX_KEEP_MS) {
            let message = format!(
                "expected a duration up to 30d, but found `{}`",
                given.text().unwrap_or_default()
            );
            self.report
                .error(&codes::BAD_VALUE, &At::node(given), message);
        }
        keep.unwrap_or(DEFAULT_KEEP_MS)
    }

    /// A key that is the same for all events would let every wait take every event: surely an expression is meant.
    fn event_key(&mut self, node: &Node) -> Option<expression::Template> {
        let given = node.get("key")?;
        let key = self.template(given, &self.of_event())?;
        if key.constant().is_some() {
            let text = given.text().unwrap_or_default();
            let message = "expected an expression, but this key is the same for every event";
            let found = self
                .report
                .error(&codes::BAD_VALUE, &At::node(given), message);
            found.hint(format!("write it in `${{ }}`: key: \"${{ {text} }}\""));
            return None;
        }
        Some(key)
    }
}
