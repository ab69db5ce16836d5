use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use expression::duration;
use serde_json::Value;

use super::known::Known;
use super::needs::Needs;
use super::outline::Outline;
use super::scopes::{Scopes, settings_named};
use crate::diagnostic::{At, Report, codes};
use crate::source::Node;

/// What lowering a definition reads and collects.
pub(super) struct Lowering<'a> {
    pub(super) report: &'a mut Report,
    pub(super) known: &'a Known<'a>,
    pub(super) outline: &'a Outline<'a>,
    pub(super) needs: &'a Needs,
    pub(super) scopes: Scopes,
    pub(super) collected: Collected,
}

/// What lowering finds beside the workflow itself.
#[derive(Default)]
pub(super) struct Collected {
    /// Names of other resources.
    pub(super) uses: Vec<Use>,
    /// Parts of the document that are stored in another form.
    pub(super) replaced: Vec<(String, Value)>,
    /// Settings that expressions read.
    pub(super) env: BTreeSet<String>,
    /// Ids of steps that expressions name.
    pub(super) named_steps: BTreeSet<String>,
}

/// A name of another resource, to be looked up when all of them are known.
pub(crate) struct Use {
    pub(crate) at: At,
    pub(crate) kind: UseKind,
}

pub(crate) enum UseKind {
    Adapter {
        name: String,
        action: Option<String>,
    },
    Workflow {
        name: String,
        range: Option<semver::VersionReq>,
    },
    Policy(String),
    /// An adapter, whatever its actions are.
    AdapterAlone(String),
    Router(String),
    /// A destination that names nothing that is known.
    Destination(String),
    Setting(String),
    /// A bare compensation that names nothing that is known.
    Undo(String),
}

impl<'a> Lowering<'a> {
    /// Of the definition at `node`; nothing is collected yet.
    pub(super) fn new(
        report: &'a mut Report,
        known: &'a Known<'a>,
        (outline, needs): (&'a Outline<'a>, &'a Needs),
        node: &Node,
    ) -> Self {
        Self {
            report,
            known,
            outline,
            needs,
            scopes: Scopes::new(outline, settings_named(node, &known.env)),
            collected: Collected::default(),
        }
    }

    pub(super) fn note(&mut self, node: &Node, kind: UseKind) {
        self.collected.uses.push(Use {
            at: At::node(node),
            kind,
        });
    }

    /// A duration within bounds, in milliseconds.
    pub(super) fn lasting(
        &mut self,
        given: &Node,
        bounds: RangeInclusive<u64>,
        expected: &str,
    ) -> Option<u64> {
        let text = given.text()?;
        // That it is a duration is checked by its shape.
        let span = duration::parse(text).ok()?;
        if bounds.contains(&span) {
            return Some(span);
        }
        let message = format!("expected a duration {expected}, but found `{text}`");
        self.report
            .error(&codes::BAD_VALUE, &At::node(given), message);
        None
    }
}
