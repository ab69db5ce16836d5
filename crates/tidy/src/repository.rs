//! The files of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file that git tracks.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// Relative to the root, with `/`.
    pub path: String,
    /// The content; bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl Tracked {
    /// Whether the name ends so.
    #[must_use]
    pub fn ends_with(&self, ending: &str) -> bool {
        self.path.ends_with(ending)
    }

    /// Whether the whole file is test code.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
    }
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = crates.and_then(Path::parent);
    root.map_or_else(PathBuf::new, Path::to_path_buf)
}

/// All tracked files whose name ends in one of these; a file that is tracked but deleted is left out.
///
/// # Panics
/// When git is not there or does not know this folder.
#[must_use]
pub fn tracked(endings: &[&str]) -> Vec<Tracked> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git lists the files that the rules are about");
    assert!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let wanted = names
        .split('\0')
        .filter(|name| endings.iter().any(|ending| name.ends_with(ending)));
    wanted.filter_map(read).collect()
}

fn read(path: &str) -> Option<Tracked> {
    let bytes = std::fs::read(root().join(path)).ok()?;
    Some(Tracked {
        path: path.to_owned(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    })
}
