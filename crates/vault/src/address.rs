//! From an address to its vault.

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use crate::folder::FolderVault;
use crate::s3::S3Vault;
use crate::{Vault, VaultError};

/// The vault at an address: `file:///folder`, or `s3://bucket/prefix?endpoint=URL&region=NAME`, whose keys
/// stand in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, if there is one, `AWS_SESSION_TOKEN`. Nothing is
/// looked at yet.
///
/// # Errors
/// When the address names none, or a key is missing.
pub fn open(
    address: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Arc<dyn Vault>, VaultError> {
    let wrong = |reason: &str| VaultError::Address {
        address: address.to_owned(),
        reason: reason.to_owned(),
    };
    let url: Url = address
        .parse()
        .map_err(|error: url::ParseError| wrong(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "keys belong into the environment, not into the address",
        ));
    }
    match url.scheme() {
        "file" => {
            let folder =
                folder_of(&url).ok_or_else(|| wrong("it names no folder of this machine"))?;
            Ok(Arc::new(FolderVault::new(address, folder)))
        }
        "s3" => Ok(Arc::new(S3Vault::new(address, &url, variable)?)),
        scheme => Err(wrong(&format!("it begins with {scheme}:"))),
    }
}

fn folder_of(url: &Url) -> Option<PathBuf> {
    let plain = url.query().is_none() && url.fragment().is_none();
    url.to_file_path().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(name: &str) -> Option<String> {
        matches!(name, "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY").then(|| "key".to_owned())
    }

    fn refuses(address: &str, expected: &str) {
        let error = open(address, keys).err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        assert!(error.contains(expected), "{address}: {error}");
    }

    #[test]
    fn an_address_names_a_folder_or_a_bucket() {
        assert!(open("file:///srv/archive", keys).is_ok());
        assert!(
            open(
                "s3://bucket/a/b?endpoint=http://127.0.0.1:9000&region=eu",
                keys
            )
            .is_ok()
        );
        assert!(open("s3://bucket?region=eu-central-1", keys).is_ok());
    }

    #[test]
    fn what_names_none_is_refused_with_a_reason() {
        refuses("/srv/archive", "relative URL");
        refuses("ftp://host/folder", "it begins with ftp:");
        refuses("file://other/folder", "no folder of this machine");
        refuses("file:///folder?x=1", "no folder of this machine");
        refuses("s3://bucket/prefix", "expected `region`");
        refuses("s3:///prefix?region=eu", "a bucket");
        refuses("s3://bucket?region=eu&zone=1", "`zone`");
        refuses("s3://bucket?region=eu&endpoint=nowhere", "endpoint");
        refuses("s3://key:secret@bucket?region=eu", "into the environment");
    }

    #[test]
    fn missing_keys_are_named() {
        let error = open("s3://bucket?region=eu", |_| None).err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("AWS_ACCESS_KEY_ID"), "{error}");
    }
}
