//! What cargo says of the workspace and of everything it is built from.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;

use crate::repository::root;

/// `cargo metadata` as far as the rules look at it.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    /// Our crates and all that they need on this platform.
    pub packages: Vec<Package>,
}

/// One package at one version.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence expression, if it says one.
    pub license: Option<String>,
    /// Where it comes from; none for our own.
    pub source: Option<String>,
    /// What it says that it needs, used or not.
    pub dependencies: Vec<Dependency>,
}

/// A line of a manifest.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// None for a normal one, else `dev` or `build`.
    pub kind: Option<String>,
    /// The folder, for one of ours.
    pub path: Option<String>,
}

impl Package {
    /// Names of our crates that this one needs; with or without those that only its tests need.
    #[must_use]
    pub fn own_dependencies(&self, with_dev: bool) -> BTreeSet<&str> {
        let own = self
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some());
        let wanted = own.filter(|dependency| with_dev || dependency.kind.as_deref() != Some("dev"));
        wanted.map(|dependency| dependency.name.as_str()).collect()
    }

    /// The part of the version that says which other versions may stand in for it: `1`, `0.9`, `0.0.3`.
    #[must_use]
    pub fn compatible_version(&self) -> String {
        let numbers: Vec<&str> = self.version.split(['.', '-', '+']).take(3).collect();
        let telling = numbers
            .iter()
            .position(|number| *number != "0")
            .unwrap_or(2);
        numbers[..=telling.min(numbers.len() - 1)].join(".")
    }
}

impl Metadata {
    /// Asks cargo, for the platform this runs on and with what the lock file says. What the lock file only mentions
    /// (an optional part that nobody turned on) is left out.
    ///
    /// # Panics
    /// When cargo cannot tell, for example because the lock file is out of date.
    #[must_use]
    pub fn read() -> Self {
        let text = cargo(&[
            "metadata",
            "--format-version=1",
            "--filter-platform",
            &host(),
        ]);
        let mut metadata: Self =
            serde_json::from_str(&text).expect("cargo prints its metadata as JSON");
        let built = built();
        metadata
            .packages
            .retain(|package| built.contains(&(package.name.clone(), package.version.clone())));
        metadata
    }

    /// Our own crates.
    pub fn own(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.source.is_none())
    }

    /// Everybody else's.
    pub fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.source.is_some())
    }

    /// Packages that are there in several versions which cannot stand in for each other: name to versions.
    #[must_use]
    pub fn duplicates(&self) -> BTreeMap<String, String> {
        let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for package in &self.packages {
            versions
                .entry(&package.name)
                .or_default()
                .insert(package.compatible_version());
        }
        versions.retain(|_, versions| versions.len() > 1);
        let joined = versions.into_iter().map(|(name, versions)| {
            let versions: Vec<String> = versions.into_iter().collect();
            (name.to_owned(), versions.join(" "))
        });
        joined.collect()
    }
}

/// Name and version of everything that is built on this platform.
fn built() -> BTreeSet<(String, String)> {
    let tree = cargo(&[
        "tree",
        "--workspace",
        "--edges=normal,build,dev",
        "--prefix=none",
        "--format={p}",
    ]);
    let packages = tree.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (name, version) = (words.next()?, words.next()?);
        Some((name.to_owned(), version.strip_prefix('v')?.to_owned()))
    });
    packages.collect()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--locked")
        .current_dir(root())
        .output()
        .expect("cargo runs, since it runs this test");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo {}: {talk}",
        arguments.join(" ")
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The platform, as rustc names it.
fn host() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc)
        .arg("-vV")
        .output()
        .expect("rustc runs, since it built this test");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}

#[cfg(test)]
mod tests {
    use super::Package;

    #[test]
    fn compatible_versions() {
        for (version, expected) in [
            ("1.2.3", "1"),
            ("0.9.1", "0.9"),
            ("0.0.3", "0.0.3"),
            ("2.0.0-rc.1", "2"),
            ("0.0.0", "0.0.0"),
        ] {
            let package = Package {
                name: "x".to_owned(),
                version: version.to_owned(),
                license: None,
                source: None,
                dependencies: Vec::new(),
            };
            assert_eq!(package.compatible_version(), expected, "{version}");
        }
    }
}
