//! What others wrote and we build from: licences, sources, packages that we keep out, versions side by side.

use tidy::licence::is_met;
use tidy::metadata::Metadata;
use tidy::ratchet::complaints;

use crate::{demand_none, ratchet};

pub(crate) const VERSIONS: &str = "versions";

/// Permissive licences, which ask for no more than that they are kept.
const LICENCES: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages that must not come in, not even by way of others, and what stands in for them.
const BANNED: [(&str, &str); 10] = [
    ("openssl", "TLS is rustls"),
    ("openssl-sys", "TLS is rustls"),
    ("native-tls", "TLS is rustls"),
    ("ring", "one cryptography provider everywhere: aws-lc-rs"),
    ("rsa", "RUSTSEC-2023-0071; signatures come from aws-lc-rs"),
    ("bincode", "RUSTSEC-2025-0141; what is stored is protobuf"),
    (
        "serde_yaml",
        "archived; YAML goes through our own definition crate",
    ),
    (
        "serde_yml",
        "unsound; YAML goes through our own definition crate",
    ),
    (
        "sqlx",
        "cannot be linked beside rusqlite; stores speak to their database directly",
    ),
    ("async-std", "discontinued; the runtime is tokio"),
];

/// The one registry.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn licences_are_permissive() {
    let metadata = Metadata::read();
    let taken = |licence: &str| LICENCES.contains(&licence);
    let mut complaints = Vec::new();
    for package in &metadata.packages {
        let licence = package.license.as_deref().unwrap_or_default();
        if !is_met(licence, &taken) {
            complaints.push(format!("{} {}: {licence:?}", package.name, package.version));
        }
    }
    demand_none(
        &complaints,
        "these licences are not on the list of those we take",
    );
}

#[test]
fn our_crates_are_apache() {
    for package in Metadata::read().own() {
        assert_eq!(
            package.license.as_deref(),
            Some("Apache-2.0"),
            "{}",
            package.name
        );
    }
}

#[test]
fn banned_packages_stay_out() {
    let metadata = Metadata::read();
    let mut complaints = Vec::new();
    for package in metadata.foreign() {
        let banned = BANNED.iter().filter(|(name, _)| *name == package.name);
        complaints.extend(banned.map(|(name, instead)| format!("{name}: {instead}")));
    }
    demand_none(
        &complaints,
        "`cargo tree --invert NAME` tells who brings them in",
    );
}

#[test]
fn everything_comes_from_the_one_registry() {
    let metadata = Metadata::read();
    let elsewhere = metadata
        .foreign()
        .filter(|package| package.source.as_deref() != Some(REGISTRY));
    let complaints = elsewhere.map(|package| format!("{}: {:?}", package.name, package.source));
    demand_none(
        &complaints.collect::<Vec<_>>(),
        "a release can be repeated only from a registry",
    );
}

#[test]
fn one_version_of_each() {
    demand_none(
        &complaints(VERSIONS, &ratchet(), &Metadata::read().duplicates()),
        "`cargo tree --duplicates` tells who brings a second version in; mend it, or add the line to tidy-ratchet.txt",
    );
}
