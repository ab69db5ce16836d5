//! Catalogs as records: what is journaled, and how a catalog comes back from it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::draft::Draft;
use super::{CatalogChange, ResourceChange, ResourceKey, ResourceKind};
use crate::catalog::Catalog;
use crate::diagnostic::{At, Diagnostic, Report, codes};
use crate::source::SourceFile;

/// A resource in its stored form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredResource {
    /// Which one.
    #[serde(flatten)]
    pub key: ResourceKey,
    /// Its document with all names resolved.
    pub document: Arc<Value>,
}

/// One journaled change of a catalog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoredChange {
    /// The resource is added or replaced.
    Put(StoredResource),
    /// The resource is removed.
    Remove(ResourceKey),
}

impl Catalog {
    /// Rebuilds a catalog, of the environment that the server runs as.
    ///
    /// # Errors
    /// When a stored document does not compile, which only another version of the language can cause.
    pub fn from_stored(
        environment: &str,
        version: u64,
        resources: impl IntoIterator<Item = StoredResource>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let empty = Self {
            environment: environment.to_owned(),
            ..Self::default()
        };
        let mut draft = Draft::new(&empty);
        draft.put_all(
            resources
                .into_iter()
                .map(|resource| (resource.key, resource.document))
                .collect(),
        )?;
        Ok(draft.finish(version))
    }

    /// Every resource in its stored form.
    pub fn to_stored(&self) -> impl Iterator<Item = StoredResource> {
        let stored = |(key, document): (&ResourceKey, &Arc<Value>)| StoredResource {
            key: key.clone(),
            document: document.clone(),
        };
        self.resources.iter().map(stored)
    }

    /// The catalog after journaled changes; its version rises by one.
    ///
    /// # Errors
    /// As [`Catalog::from_stored`].
    pub fn with_changes(&self, changes: &[StoredChange]) -> Result<Self, Vec<Diagnostic>> {
        let mut draft = Draft::new(self);
        let mut put = Vec::new();
        for change in changes {
            match change {
                StoredChange::Put(resource) => {
                    put.push((resource.key.clone(), resource.document.clone()))
                }
                StoredChange::Remove(key) => draft.remove(key),
            }
        }
        draft.put_all(put)?;
        Ok(draft.finish(self.version + 1))
    }

    /// Chooses the version that a start without one takes; none goes back to the highest release.
    ///
    /// # Errors
    /// When there is no such version.
    pub fn with_pin(
        &self,
        workflow: &str,
        version: Option<&semver::Version>,
    ) -> Result<CatalogChange, Vec<Diagnostic>> {
        let versions = self.workflows.get(workflow).map(|found| &found.versions);
        let exists =
            version.is_none_or(|version| versions.is_some_and(|found| found.contains_key(version)));
        if versions.is_none() || !exists {
            return Err(unknown_version(workflow, version));
        }
        let key = ResourceKey::new(ResourceKind::Pin, workflow);
        let document = version.map(|version| Arc::new(json!({ "version": version.to_string() })));
        self.with_one(key, document)
    }

    /// Removes resources.
    ///
    /// # Errors
    /// When what is left does not compile; keys that are not there are no error.
    pub fn without(&self, keys: &[ResourceKey]) -> Result<CatalogChange, Vec<Diagnostic>> {
        let there = keys.iter().filter(|key| self.resources.contains_key(key));
        let changes = there
            .map(|key| ResourceChange::new(key.clone(), self.resources.get(key).cloned(), None));
        self.change(changes.collect())
    }

    pub(crate) fn with_one(
        &self,
        key: ResourceKey,
        document: Option<Arc<Value>>,
    ) -> Result<CatalogChange, Vec<Diagnostic>> {
        let before = self.resources.get(&key).cloned();
        if before.is_none() && document.is_none() {
            return self.change(Vec::new());
        }
        self.change(vec![ResourceChange::new(key, before, document)])
    }

    fn change(&self, changes: Vec<ResourceChange>) -> Result<CatalogChange, Vec<Diagnostic>> {
        let mut change = CatalogChange {
            new: self.clone(),
            changes,
            warnings: Vec::new(),
        };
        let stored = change.stored();
        if !stored.is_empty() {
            change.new = self.with_changes(&stored)?;
        }
        Ok(change)
    }
}

fn unknown_version(workflow: &str, version: Option<&semver::Version>) -> Vec<Diagnostic> {
    let mut report = Report::new(SourceFile::new(workflow, ""));
    let version = version
        .map(|version| format!(" {version}"))
        .unwrap_or_default();
    let message = format!("there is no workflow `{workflow}`{version}");
    report.error(&codes::UNKNOWN_VERSION, &At::default(), message);
    report.finish()
}
