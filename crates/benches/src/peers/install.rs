//! The scripts that install the peers.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Where the scripts are, from the repository's root.
const SCRIPTS: &str = "crates/benches/peers";

/// The whole path of a script.
pub(crate) fn script(name: &str) -> Result<PathBuf> {
    let path = Path::new(SCRIPTS).join(name);
    path.canonicalize()
        .with_context(|| format!("expected {} to be there", path.display()))
}

/// Runs a script that installs something in a folder, and answers the path that it prints.
pub(super) fn install(name: &str, folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let mut command = Command::new(script(name)?);
    command.arg(folder).stdin(Stdio::null());
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} failed: {said}");
    let path = String::from_utf8(output.stdout)?;
    Ok(PathBuf::from(path.trim()))
}

/// A Node that is new enough.
pub(crate) fn node(peers: &Path) -> Result<PathBuf> {
    install("install-node", peers)
}
