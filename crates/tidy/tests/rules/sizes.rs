//! How large files and functions may get.

use std::collections::BTreeMap;

use tidy::functions::functions;
use tidy::ratchet::complaints;
use tidy::repository::tracked;
use tidy::source::split;

use crate::{demand_none, ratchet};

pub(crate) const FILE_LINES: &str = "file-lines";
pub(crate) const FUNCTION_LINES: &str = "function-lines";

const MAX_FILE_LINES: usize = 600;
const MAX_FUNCTION_LINES: usize = 70;

#[test]
fn files_stay_readable() {
    let lengths = tracked(&[".rs", ".ts", ".tsx"])
        .into_iter()
        .map(|file| (file.path, file.text.lines().count()));
    let long = lengths.filter(|(_, lines)| *lines > MAX_FILE_LINES);
    let found: BTreeMap<String, String> = long
        .map(|(path, lines)| (path, lines.to_string()))
        .collect();
    demand_none(
        &complaints(FILE_LINES, &ratchet(), &found),
        "a file has at most 600 lines: split it by what its parts are about",
    );
}

#[test]
fn functions_stay_readable() {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for file in tracked(&[".rs"]) {
        for function in functions(&split(&file.text).code) {
            if function.length > MAX_FUNCTION_LINES {
                let longest = found
                    .entry(format!("{}::{}", file.path, function.name))
                    .or_default();
                *longest = function.length.max(*longest);
            }
        }
    }
    let found = found
        .into_iter()
        .map(|(what, lines)| (what, lines.to_string()))
        .collect();
    demand_none(
        &complaints(FUNCTION_LINES, &ratchet(), &found),
        "a function has at most 70 lines: give its parts names",
    );
}
