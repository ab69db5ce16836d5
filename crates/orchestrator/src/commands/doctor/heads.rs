//! Heads of the log of decisions that were kept elsewhere.

use std::path::Path;

use api::AuditHeads;
use serde::de::DeserializeOwned;
use server::is_sealed;

use crate::args::DoctorArgs;
use crate::failure::Failure;

/// What `decisions heads` printed into a file.
pub(super) fn read_heads<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path)?;
    serde_json::from_str(&text).map_err(|error| {
        let path = path.display();
        Failure::usage(format!(
            "{path}: expected what `decisions heads` prints: {error}"
        ))
    })
}

/// What is wrong with the seal of kept heads.
pub(super) fn unsealed(args: &DoctorArgs) -> Result<Option<String>, Failure> {
    let (Some(path), Some(public_key)) = (&args.heads, &args.audit_public_key) else {
        return Ok(None);
    };
    let kept: AuditHeads = read_heads(path)?;
    let seal = kept.seal.as_ref();
    let sealed = seal.is_some_and(|seal| is_sealed(&kept.text(), public_key, &seal.signature));
    let path = path.display();
    Ok((!sealed).then(|| format!("{path}: the heads are not sealed by the key {public_key}")))
}
