//! Who may know whom.

use std::collections::{BTreeMap, BTreeSet};

use tidy::metadata::{Metadata, Package};

use crate::demand_none;

/// Each crate and all of ours that its product code may need. The arrows are the architecture: a new one is a
/// decision, not a convenience.
const MAY_NEED: &[(&str, &[&str])] = &[
    // The pure core.
    ("expression", &[]),
    ("schedule", &[]),
    ("definition", &["expression", "schedule"]),
    ("engine", &["definition", "expression"]),
    ("router", &["definition", "expression"]),
    ("webhook", &["definition"]),
    // Contracts, and what fulfils them: neither side knows the engine.
    ("store", &[]),
    ("vault", &[]),
    ("store-sqlite", &["store", "vault"]),
    ("store-postgres", &["store"]),
    ("adapter", &[]),
    ("adapters", &["adapter", "expression", "webhook"]),
    // Runs the core behind contracts; names no concrete store or adapter.
    (
        "runtime",
        &[
            "adapter",
            "definition",
            "engine",
            "expression",
            "router",
            "schedule",
            "store",
        ],
    ),
    // Plays cases on the runtime with everything outside mocked.
    (
        "cases",
        &["adapter", "definition", "engine", "runtime", "store"],
    ),
    ("api", &[]),
    ("playground", &[]),
    ("postgres-server", &[]),
    ("tidy", &[]),
];

/// Those who choose the concrete parts and put them together; they may need anything but each other's above them.
const WIRE: &[(&str, &[&str])] = &[
    (
        "server",
        &["orchestrator", "simulator", "benches", "playground"],
    ),
    (
        "simulator",
        &["orchestrator", "server", "benches", "playground"],
    ),
    ("orchestrator", &["simulator", "benches"]),
    ("benches", &[]),
];

/// Concrete parts, which only the wiring names.
const CONCRETE: [&str; 3] = ["store-sqlite", "store-postgres", "adapters"];

#[test]
fn dependencies_follow_the_arrows() {
    let metadata = Metadata::read();
    let mut complaints = Vec::new();
    for package in metadata.own() {
        complaints.extend(against_the_arrows(package));
    }
    demand_none(
        &complaints,
        "dependencies between our crates follow the arrows in crates/tidy/tests/rules/layers.rs",
    );
}

fn against_the_arrows(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let needs = package.own_dependencies(false);
    let forbidden: BTreeSet<&str> = if let Some(allowed) = find(MAY_NEED, name) {
        needs
            .iter()
            .filter(|need| !allowed.contains(need))
            .copied()
            .collect()
    } else if let Some(above) = find(WIRE, name) {
        needs
            .iter()
            .filter(|need| above.contains(need))
            .copied()
            .collect()
    } else {
        return vec![format!("{name} has no place yet: give it one")];
    };
    forbidden
        .iter()
        .map(|need| format!("{name} must not need {need}"))
        .collect()
}

fn find<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    let row = table.iter().find(|(of, _)| *of == name);
    row.map(|(_, others)| *others)
}

#[test]
fn tests_of_the_pure_crates_stay_pure() {
    let metadata = Metadata::read();
    let mut complaints = Vec::new();
    for package in metadata.own() {
        let pure = [
            "expression",
            "schedule",
            "definition",
            "engine",
            "router",
            "webhook",
        ]
        .contains(&package.name.as_str());
        let allowed = find(MAY_NEED, &package.name).unwrap_or_default();
        let needs = package.own_dependencies(true);
        let beyond = needs
            .iter()
            .filter(|need| pure && !allowed.contains(need) && **need != package.name);
        complaints.extend(
            beyond.map(|need| format!("{} must not need {need}, even in tests", package.name)),
        );
    }
    demand_none(&complaints, "what the pure core needs in tests is data");
}

#[test]
fn only_the_wiring_names_concrete_parts() {
    let metadata = Metadata::read();
    let own: BTreeMap<&str, &Package> = metadata
        .own()
        .map(|package| (package.name.as_str(), package))
        .collect();
    for package in own.values() {
        let wires = find(WIRE, &package.name).is_some();
        for concrete in CONCRETE {
            let needs = package.own_dependencies(false).contains(concrete);
            assert!(
                wires || !needs,
                "{} must not name {concrete}: only the wiring does",
                package.name
            );
        }
    }
}

#[test]
fn libraries_name_their_errors() {
    let metadata = Metadata::read();
    let libraries = metadata
        .own()
        .filter(|package| find(WIRE, &package.name).is_none());
    let vague = libraries.filter(|package| {
        let mut needs = package.dependencies.iter();
        needs.any(|need| need.name == "anyhow" && need.kind.is_none())
    });
    let complaints: Vec<String> = vague.map(|package| package.name.clone()).collect();
    demand_none(
        &complaints,
        "a library has error types of its own (thiserror); anyhow is for the binary and the wiring",
    );
}
