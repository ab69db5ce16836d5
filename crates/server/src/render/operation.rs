//! Operations as the API shows them.

use std::collections::BTreeMap;

use api::{OneOrMany, Operation, OperationFinding, Time};
use definition::RateSpec;
use engine::Id;
use runtime::{Finding, LetterFilter, OperationSet};
use store::InstanceFilter;

/// An operation.
pub fn operation(operation: runtime::Operation) -> Operation {
    let asked = operation.asked;
    let action = asked.action.word().to_owned();
    let filter = match asked.set {
        OperationSet::Filter(filter) => Some(parameters(InstanceFilter::from(*filter))),
        OperationSet::Letters(filter) => Some(letter_parameters(*filter)),
        OperationSet::Ids(_) => None,
    };
    let rate = asked.rate.map(|rate| {
        let spec = RateSpec {
            calls: rate.calls,
            per_ms: rate.per_ms,
            burst: 1,
        };
        spec.to_string()
    });
    Operation {
        id: operation.id.to_string(),
        action,
        status: operation.status.as_str().to_owned(),
        filter,
        rate,
        reason: operation.reason,
        by: operation.actor,
        total: operation.total,
        done: operation.done,
        refused: operation.refused,
        failed: operation.failed,
        findings: operation.findings.into_iter().map(finding).collect(),
        created_at: Time(operation.made_at),
        updated_at: Time(operation.updated_at),
        ended_at: operation.ended_at.map(Time),
    }
}

fn finding(finding: Finding) -> OperationFinding {
    let outcome = if finding.failed { "failed" } else { "refused" };
    OperationFinding {
        id: finding.id.to_string(),
        outcome: outcome.to_owned(),
        message: finding.message,
    }
}

/// The filter as the parameters of a list of dead letters.
fn letter_parameters(filter: LetterFilter) -> BTreeMap<String, OneOrMany> {
    let one = [
        ("workflow", filter.workflow),
        ("workflow_id", filter.workflow_id.map(|id| id.to_string())),
        ("step", filter.step),
        ("adapter", filter.adapter),
        ("action", filter.action),
        ("error_type", filter.error_type),
        ("correlation_id", filter.correlation_id),
        (
            "status",
            filter.status.map(|status| status.as_str().to_owned()),
        ),
    ];
    let one = one.into_iter();
    one.filter_map(|(name, value)| Some((name.to_owned(), OneOrMany::One(value?))))
        .collect()
}

/// The filter as the parameters of a list.
fn parameters(filter: InstanceFilter) -> BTreeMap<String, OneOrMany> {
    let time = |at: Option<i64>| at.map(|at| Time(at).to_string());
    let one = [
        ("workflow", filter.workflow),
        ("version", filter.version),
        ("correlation_id", filter.correlation_id),
        ("subject", filter.subject),
        (
            "parent_id",
            filter.parent_id.map(|id| Id::from_bytes(id).to_string()),
        ),
        ("created_after", time(filter.created_after)),
        ("created_before", time(filter.created_before)),
        ("q", filter.text),
    ];
    let one = one.into_iter();
    let one = one.filter_map(|(name, value)| Some((name.to_owned(), OneOrMany::One(value?))));
    let attributes = filter.attributes.into_iter();
    let attributes =
        attributes.map(|(name, value)| (format!("attribute.{name}"), OneOrMany::One(value)));
    let statuses = Some(filter.statuses).filter(|statuses| !statuses.is_empty());
    let statuses = statuses.map(|statuses| ("status".to_owned(), OneOrMany::Many(statuses)));
    one.chain(attributes).chain(statuses).collect()
}
