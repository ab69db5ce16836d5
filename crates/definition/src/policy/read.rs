use expression::duration;

use super::{Attempts, Jitter, OnExhausted, RetryPolicy};
use crate::source::Node;
use crate::workflow::RetryChoice;

/// A policy by name or in full, from a node whose shape was checked.
pub(crate) fn read_retry_choice(node: &Node) -> Option<RetryChoice> {
    if let Some(name) = node.text() {
        return Some(RetryChoice::Named(name.to_owned()));
    }
    (!node.is_broken()).then(|| RetryChoice::Inline(read_retry_policy(node)))
}

/// The fields of a policy, from a node whose shape was checked.
pub(crate) fn read_retry_policy(node: &Node) -> RetryPolicy {
    RetryPolicy {
        max_attempts: node.get("max-attempts").and_then(attempts),
        initial_interval_ms: interval(node, "initial-interval"),
        multiplier: node.get("multiplier").and_then(Node::number),
        max_interval_ms: interval(node, "max-interval"),
        jitter: node.text_at("jitter").map(|word| {
            if word == "none" {
                Jitter::None
            } else {
                Jitter::Full
            }
        }),
        max_elapsed_ms: interval(node, "max-elapsed"),
        retry_on: node.get("retry-on").map(patterns),
        never_on: node.get("never-on").map(patterns),
        on_exhausted: node.text_at("on-exhausted").map(exhausted),
    }
}

fn attempts(node: &Node) -> Option<Attempts> {
    if node.text() == Some("unlimited") {
        return Some(Attempts::Unlimited);
    }
    node.count()
        .and_then(|count| u32::try_from(count).ok())
        .map(Attempts::Limited)
}

fn interval(node: &Node, key: &str) -> Option<u64> {
    node.text_at(key)
        .and_then(|text| duration::parse(text).ok())
}

fn patterns(node: &Node) -> Vec<String> {
    node.items()
        .iter()
        .filter_map(|item| item.text().map(str::to_owned))
        .collect()
}

fn exhausted(word: &str) -> OnExhausted {
    match word {
        "continue" => OnExhausted::Continue,
        "man" => OnExhausted::Man,
        "dead-letter" => OnExhausted::DeadLetter,
        _ => OnExhausted::Fail,
    }
}
