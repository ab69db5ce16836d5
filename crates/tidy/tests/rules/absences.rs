//! What must not be there: leftovers, hidden clocks and chance, IO in the pure crates, sleeping tests, paths of
//! somebody's machine.

use std::collections::BTreeMap;

use tidy::repository::{Tracked, tracked};
use tidy::source::{split, without_test_modules};

use crate::{demand_none, own_file};

/// Crates whose results depend on their arguments alone.
const PURE: [&str; 5] = ["expression", "definition", "engine", "router", "webhook"];

/// Time and chance that nobody handed in.
const CLOCKS_AND_CHANCE: [&str; 8] = [
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "rand::",
    "getrandom",
    "Uuid::now_v7",
    "Uuid::new_v4",
];

/// What waits for, or touches, the world.
const IO: [&str; 7] = [
    "std::fs",
    "std::net",
    "std::env::",
    "std::process",
    "tokio::",
    "async fn",
    "thread::sleep",
];

/// Every line of the text that holds one of the patterns, as `path:line: pattern`.
fn offences(path: &str, text: &str, patterns: &[&str]) -> Vec<String> {
    let mut offences = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let found = patterns.iter().filter(|pattern| holds_word(line, pattern));
        offences.extend(found.map(|pattern| format!("{path}:{}: {pattern}", index + 1)));
    }
    offences
}

/// Whether the pattern is there and no longer word has it as its end.
fn holds_word(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|character| character.is_alphanumeric() || character == '_')
    })
}

fn sources_of(crates: &[&str]) -> Vec<Tracked> {
    let mut files = tracked(&[".rs"]);
    let folders: Vec<String> = crates
        .iter()
        .map(|name| format!("crates/{name}/src/"))
        .collect();
    files.retain(|file| {
        folders.iter().any(|folder| file.path.starts_with(folder)) && !file.is_test()
    });
    files
}

fn product_code(file: &Tracked) -> String {
    without_test_modules(&split(&file.text).code)
}

#[test]
fn nothing_is_left_lying_about() {
    let words = ["TODO", "FIXME", "XXX", "HACK"];
    let whole = |line: &str, word: &str| {
        let mut words = line.split(|character: char| !character.is_alphanumeric());
        words.any(|found| found == word)
    };
    let mut complaints = Vec::new();
    for file in tracked(&[
        ".rs", ".md", ".yaml", ".yml", ".toml", ".html", ".ts", ".tsx", ".proto", ".sql",
        "Makefile", ".ci/run",
    ]) {
        let text = if file.ends_with(".rs") {
            split(&file.text).comments
        } else {
            file.text
        };
        for (index, line) in text.lines().enumerate() {
            let found = words.iter().filter(|word| whole(line, word));
            complaints.extend(found.map(|word| format!("{}:{}: {word}", file.path, index + 1)));
        }
    }
    demand_none(
        &complaints,
        "what is to be done goes into the tracker, not into a file",
    );
}

#[test]
fn no_unfinished_or_debugging_code() {
    let patterns = ["dbg!", "todo!", "unimplemented!", "#[ignore"];
    let files = tracked(&[".rs"]);
    let complaints = files
        .iter()
        .flat_map(|file| offences(&file.path, &split(&file.text).code, &patterns));
    demand_none(&complaints.collect::<Vec<_>>(), "finish it or take it out");
}

#[test]
fn lints_are_set_aside_with_a_reason_and_only_while_they_apply() {
    let files = tracked(&[".rs"]);
    let complaints = files.iter().flat_map(|file| {
        let code = split(&file.text).code;
        let lines = code.lines().enumerate();
        let allowed =
            lines.filter(|(_, line)| line.contains("#[allow(") || line.contains("#![allow("));
        allowed
            .map(|(index, _)| format!("{}:{}", file.path, index + 1))
            .collect::<Vec<_>>()
    });
    demand_none(
        &complaints.collect::<Vec<_>>(),
        "write #[expect(lint, reason = \"...\")] instead of allow",
    );
}

#[test]
fn no_module_is_a_drawer() {
    let drawers = [
        "util", "utils", "common", "helper", "helpers", "types", "misc",
    ];
    let mut complaints = Vec::new();
    for file in tracked(&[".rs", ".ts", ".tsx"]) {
        let mut names = file
            .path
            .split('/')
            .map(|part| part.split('.').next().unwrap_or_default());
        if names.any(|name| drawers.contains(&name)) {
            complaints.push(file.path.clone());
        }
    }
    demand_none(&complaints, "name a module after what it is about");
}

#[test]
fn clock_and_chance_are_arguments() {
    let pure = sources_of(&PURE);
    let mut runtime = sources_of(&["runtime"]);
    // The one place that asks the machine what time it is.
    runtime.retain(|file| !file.ends_with("/clock.rs"));
    let files = pure.iter().chain(&runtime);
    let complaints =
        files.flat_map(|file| offences(&file.path, &product_code(file), &CLOCKS_AND_CHANCE));
    demand_none(
        &complaints.collect::<Vec<_>>(),
        "one seed replays everything: take time, chance and ids as arguments (in runtime: from the Clock)",
    );
}

#[test]
fn pure_crates_do_no_io() {
    let files = sources_of(&PURE);
    let complaints = files
        .iter()
        .flat_map(|file| offences(&file.path, &product_code(file), &IO));
    demand_none(
        &complaints.collect::<Vec<_>>(),
        "these crates compute; who calls them reads and waits",
    );
}

#[test]
fn tests_wait_for_conditions_and_do_not_sleep() {
    let allowed = allowed_sleeps();
    let mut complaints = Vec::new();
    let mut used = Vec::new();
    for file in tracked(&[".rs"]) {
        let found = offences(
            &file.path,
            &test_code(&file),
            &["thread::sleep", "time::sleep"],
        );
        if found.is_empty() {
            continue;
        }
        if allowed.contains_key(&file.path) {
            used.push(file.path);
        } else {
            complaints.extend(found);
        }
    }
    let unused = allowed.keys().filter(|path| !used.contains(path));
    complaints.extend(
        unused.map(|path| format!("{path} does not sleep: remove it from allowed-sleeps.txt")),
    );
    demand_none(
        &complaints,
        "wait for what the test is about, with a deadline, or give the reason in crates/tidy/allowed-sleeps.txt",
    );
}

/// Paths and the reasons why their tests may sleep.
fn allowed_sleeps() -> BTreeMap<String, String> {
    let text = own_file("allowed-sleeps.txt");
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|line| {
        let (path, reason) = line.split_once(' ').expect("a path, a blank and a reason");
        (path.to_owned(), reason.to_owned())
    });
    pairs.collect()
}

/// Whole test files, and the test modules of the others.
fn test_code(file: &Tracked) -> String {
    let code = split(&file.text).code;
    if file.is_test() {
        return code;
    }
    let product = without_test_modules(&code);
    let lines = code.lines().zip(product.lines());
    let tests = lines.map(|(all, product)| if all == product { "" } else { all });
    tests.collect::<Vec<_>>().join("\n")
}

#[test]
fn no_path_of_somebodys_machine() {
    let folders = ["home", "root", "work", "tmp", "Users"].map(|name| format!("/{name}/"));
    let begins = |line: &str, at: usize| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|character| character.is_alphanumeric() || "._-})*".contains(character))
    };
    let mut complaints = Vec::new();
    for file in tracked(&[""]) {
        for (index, line) in file.text.lines().enumerate() {
            let found = folders.iter().filter(|folder| {
                line.match_indices(folder.as_str())
                    .any(|(at, _)| begins(line, at))
            });
            complaints.extend(found.map(|folder| format!("{}:{}: {folder}", file.path, index + 1)));
        }
    }
    demand_none(
        &complaints,
        "name places relative to the repository, or as the user gives them",
    );
}

#[test]
fn a_pattern_is_found_as_a_word_and_not_in_literals_or_tests() {
    let text = "let a = Instant::now();\nlet b = MyInstant::now();\nlet c = \"Instant::now\"; // Instant::now\n\
                #[cfg(test)]\nmod tests { fn f() { Instant::now(); } }";
    let code = without_test_modules(&split(text).code);
    assert_eq!(
        offences("a.rs", &code, &CLOCKS_AND_CHANCE),
        ["a.rs:1: Instant::now"]
    );
}
