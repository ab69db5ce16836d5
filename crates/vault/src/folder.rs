//! A folder of the file system.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Object, Vault, VaultError};

/// What a file is called until it is whole.
const UNFINISHED: &str = ".part";

/// Objects as files of a folder, which is made when the first is put.
pub(crate) struct FolderVault {
    address: String,
    folder: PathBuf,
}

impl FolderVault {
    pub(crate) fn new(address: &str, folder: PathBuf) -> Self {
        Self {
            address: address.to_owned(),
            folder,
        }
    }

    async fn work<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, VaultError> {
        let path = self.folder.join(name);
        let place = path.display().to_string();
        let ends = tokio::task::spawn_blocking(move || work(&path)).await;
        let done = ends.unwrap_or_else(|error| Err(io::Error::other(error)));
        done.map_err(|error| failure(place, &error))
    }
}

#[async_trait]
impl Vault for FolderVault {
    fn place(&self) -> &str {
        &self.address
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), VaultError> {
        let base = self.folder.clone();
        self.work(name, move |path| write(&base, path, &bytes))
            .await
    }

    async fn get(&self, name: &str) -> Result<Option<Bytes>, VaultError> {
        let read = |path: &Path| match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        self.work(name, read).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Object>, VaultError> {
        let base = self.folder.clone();
        self.work(prefix, move |folder| {
            let mut found = vec![];
            walk(&base, folder, &mut found)?;
            found.sort_unstable();
            Ok(found)
        })
        .await
    }
}

/// Under its name the file is whole and synced, and so is the way to it.
fn write(base: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let outside = |part: Component<'_>| matches!(part, Component::ParentDir);
    let folder = path.parent().filter(|_| !path.components().any(outside));
    let folder = folder.ok_or_else(|| io::Error::other("expected a name within the folder"))?;
    make_folders(base, folder)?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    let unfinished = PathBuf::from(unfinished);
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(folder)?.sync_all()
}

/// Makes what is missing of a folder below the base, durable.
fn make_folders(base: &Path, folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if folder == base {
        return fs::create_dir_all(base);
    }
    let above = folder.parent().unwrap_or(base);
    make_folders(base, above)?;
    fs::create_dir_all(folder)?;
    File::open(above)?.sync_all()
}

fn walk(base: &Path, folder: &Path, found: &mut Vec<Object>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            walk(base, &path, found)?;
            continue;
        }
        let name = path.strip_prefix(base).unwrap_or(&path);
        let name = name.to_string_lossy().into_owned();
        if !name.ends_with(UNFINISHED) {
            let bytes = entry.metadata()?.len();
            found.push(Object { name, bytes });
        }
    }
    Ok(())
}

fn failure(place: String, error: &io::Error) -> VaultError {
    let reason = error.to_string();
    let cure = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free space there",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make the folder readable and writable for this user"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "name a folder, not a file",
        _ => return VaultError::Unavailable { place, reason },
    };
    let cure = cure.to_owned();
    VaultError::Refused {
        place,
        reason,
        cure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn objects_are_kept_listed_and_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().join("new/vault");
        let vault = FolderVault::new("file:///vault", base.clone());
        assert_eq!(vault.list("a/").await.expect("listed"), []);
        assert_eq!(vault.get("a/x").await.expect("read"), None);
        for (name, text) in [
            ("a/y/2", "two"),
            ("a/x", "one"),
            ("b/z", "other"),
            ("a/x", "new"),
        ] {
            vault.put(name, text.into()).await.expect("put");
        }
        fs::write(base.join("a/torn.part"), "half").expect("written");
        let listed = vault.list("a/").await.expect("listed");
        let listed: Vec<_> = listed.iter().map(|o| (o.name.as_str(), o.bytes)).collect();
        assert_eq!(listed, [("a/x", 3), ("a/y/2", 3)]);
        assert_eq!(vault.get("a/x").await.expect("read"), Some("new".into()));
        assert!(vault.put("../out", "x".into()).await.is_err());
    }

    #[tokio::test]
    async fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file"), "").expect("written");
        let vault = FolderVault::new("file:///vault", folder.path().join("file"));
        let error = vault
            .put("a", "x".into())
            .await
            .expect_err("no folder")
            .to_string();
        assert!(error.contains("name a folder, not a file"), "{error}");
    }
}
