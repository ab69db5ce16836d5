//! Files of definitions, and JSON from an argument, a file or standard input.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// No file is read beyond this, in bytes; a larger one is refused by the language anyway.
const MAX_FILE_BYTES: u64 = 8 << 20;

/// A file of definitions.
#[derive(Debug)]
pub struct Document {
    /// As it was named, or found below what was named.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The files under these paths, in the order of their names.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Document>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        collect(path, true, &mut found)?;
    }
    if found.is_empty() {
        return Err(Failure::usage(
            "expected files that end in .yaml or .yml, but there are none",
        ));
    }
    found.iter().map(|path| document(path)).collect()
}

fn collect(path: &Path, named: bool, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        if named || is_definition(path) {
            found.push(path.to_owned());
        }
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = std::fs::read_dir(path).map_err(failed)?.collect();
    let mut entries: Vec<PathBuf> = entries.map_err(failed)?.iter().map(|e| e.path()).collect();
    entries.sort();
    entries
        .iter()
        .filter(|entry| !is_hidden(entry))
        .try_for_each(|entry| collect(entry, false, found))
}

/// JSON files beside definitions are mostly sample inputs, so only a named one counts.
fn is_definition(path: &Path) -> bool {
    matches!(
        path.extension().and_then(|e| e.to_str()),
        Some("yaml" | "yml")
    )
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_none_or(|name| name.starts_with('.'))
}

fn document(path: &Path) -> Result<Document, Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Failure::usage(format!(
            "{} is larger than 8 MiB",
            path.display()
        )));
    }
    Ok(Document {
        name: path.display().to_string(),
        bytes,
    })
}

/// JSON text from an argument: itself, `@FILE`, or `-` for standard input.
pub fn json_argument(argument: &str) -> Result<String, Failure> {
    let text = match argument.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{path}: {error}")))?,
        None if argument == "-" => std::io::read_to_string(std::io::stdin())
            .map_err(|error| Failure::usage(format!("standard input: {error}")))?,
        None => argument.to_owned(),
    };
    let checked: Result<serde_json::Value, _> = serde_json::from_str(&text);
    checked.map_err(|error| Failure::usage(format!("expected JSON for --input, but {error}")))?;
    Ok(text)
}
