//! The command line: what it prints, and its exit codes.

use crate::DEFINITIONS;
use crate::harness::{Node, cli, cli_with, text};

#[test]
fn exit_codes_say_what_happened() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::serve(&dir.path().join("store"));
    node.apply(DEFINITIONS);
    let ended = node.submit("greet", r#"{"name": "Ada"}"#);
    node.until_status(&ended, "completed");
    let none = "01990000-0000-7000-8000-000000000000";
    let cases: &[(&[&str], i32)] = &[
        (&["list"], 0),
        (&["show", &ended], 0),
        (
            &["submit", "greet", "--input", r#"{"name": "Ada"}"#, "--wait"],
            0,
        ),
        (&["submit", "broken", "--wait", "30s"], 1),
        (
            &[
                "submit",
                "nap",
                "--input",
                r#"{"for": "1h"}"#,
                "--wait",
                "10ms",
            ],
            1,
        ),
        (&["submit", "greet", "--input", "{"], 2),
        (&["submit", "greet", "--input", r#"{"nam": 1}"#], 2),
        (&["submit", "greet", "--input", "@/does/not/exist"], 2),
        (&["nonsense"], 2),
        (&["list", "--status", "runing"], 2),
        (&["list", "--cursor", "garbage"], 2),
        (&["apply", "-f", "/does/not/exist"], 2),
        (&["show", "abc"], 2),
        (&["show", none], 4),
        (&["watch", none], 4),
        (&["submit", "nobody"], 4),
        (&["definitions", "show", "nobody"], 4),
        (&["adapters", "show", "nobody"], 4),
        (&["decisions", "show", none], 4),
        (&["cancel", &ended], 5),
        (&["doctor"], 0),
        (&["list", "--server", "http://127.0.0.1:1"], 3),
        (&["list", "--server", "ftp://x"], 2),
        (&["completions", "bash"], 0),
    ];
    for (arguments, expected) in cases {
        let output = node.cli(arguments);
        let said = text(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(*expected),
            "{arguments:?}: {said}"
        );
        assert_eq!(said.is_empty(), *expected == 0, "{arguments:?}: {said}");
    }
}

#[test]
fn an_expression_is_evaluated_without_a_server() {
    let cases: &[(&str, &str, i32, &str)] = &[
        ("a + 1", r#"{"a": 2}"#, 0, "3"),
        ("x.y", r#"{"x": {"y": [1]}}"#, 0, "[1]"),
        ("a.b", r#"{"a.b": "dotted"}"#, 0, "\"dotted\""),
        ("a.c", r#"{"a": {}}"#, 1, ""),
        ("a +", r#"{"a": 2}"#, 2, ""),
        ("a", "7", 2, ""),
    ];
    for (expression, input, exit, printed) in cases {
        let output = cli(&["eval", expression, "--input", input]);
        assert_eq!(
            output.status.code(),
            Some(*exit),
            "{expression}: {}",
            text(&output.stderr)
        );
        assert_eq!(text(&output.stdout).trim(), *printed, "{expression}");
    }
    let piped = cli_with(
        &["eval", "size(a)", "--input", "-"],
        &[],
        r#"{"a": [1, 2]}"#,
    );
    assert_eq!(text(&piped.stdout).trim(), "2");
}

#[test]
fn the_snippets_of_the_brief_are_valid() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    for entry in std::fs::read_dir(format!("{examples}/brief")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let output = cli(&["validate", path.to_str().unwrap(), "-o", "table"]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{path:?}: {}",
            text(&output.stderr)
        );
        let told = text(&output.stderr);
        assert!(!told.contains("not available yet"), "{path:?}: {told}");
    }
    for example in ["customer-onboarding", "order-fulfilment", "github-ops"] {
        let output = cli(&["validate", &format!("{examples}/{example}")]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{example}: {}",
            text(&output.stdout)
        );
    }
}

#[test]
fn an_invalid_file_is_explained_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.yaml");
    std::fs::write(
        &path,
        "workflow:\n  name: w\n  version: 1.0.0\n  steps:\n    - { id: a, adaptor: x }\n",
    )
    .unwrap();
    let file = path.to_str().unwrap();
    let output = cli(&["validate", file, "-o", "table"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains(&format!("{file}:5:")),
        "{}",
        text(&output.stderr)
    );

    let node = Node::serve(&dir.path().join("store"));
    let refused = node.cli(&["apply", "-f", file]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains(&format!("{file}:5:")),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(
        node.json(&["definitions", "list"])["items"],
        serde_json::json!([])
    );
}

#[test]
fn what_is_exported_can_be_applied_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let first = Node::serve(&dir.path().join("first"));
    first.apply(DEFINITIONS);
    first.apply("policies: { retry: { gentle: { max-attempts: 3 } }, defaults: { timeout: 9s } }\nenvironments: { dev: { vars: { region: EU } } }\n");
    let exported = text(&first.cli(&["export"]).stdout);
    let second = Node::serve(&dir.path().join("second"));
    second.apply(&exported);
    assert_eq!(text(&second.cli(&["export"]).stdout), exported);
    let path = dir.path().join("all.yaml");
    std::fs::write(&path, &exported).unwrap();
    let diff = second.json(&["diff", "-f", path.to_str().unwrap()]);
    let changes = diff["changes"].as_array().unwrap();
    assert!(
        changes.len() >= 6 && changes.iter().all(|change| change["change"] == "unchanged"),
        "{diff}"
    );
}

#[test]
fn people_get_tables_and_programs_get_data() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::serve(&dir.path().join("store"));
    node.apply(DEFINITIONS);
    let id = node.submit("greet", r#"{"name": "Ada"}"#);
    node.until_status(&id, "completed");
    let table = text(&node.cli(&["list", "-o", "table"]).stdout);
    assert!(
        table.starts_with("ID") && table.contains(&id) && !table.contains('\u{1b}'),
        "{table}"
    );
    let yaml = text(&node.cli(&["show", &id, "-o", "yaml"]).stdout);
    assert!(yaml.contains("status: completed"), "{yaml}");
    let history = text(&node.cli(&["history", &id, "-o", "table"]).stdout);
    assert!(
        history.contains("step-completed") && history.contains("say"),
        "{history}"
    );
    let document = text(&cli(&["openapi"]).stdout);
    let checked_in = include_str!("../../../../openapi.json");
    assert!(document == checked_in, "openapi.json has drifted");
}

#[test]
fn test_runs_cases_without_a_server_and_says_what_failed() {
    let dir = tempfile::tempdir().unwrap();
    let (file, results) = (dir.path().join("flows.yaml"), dir.path().join("junit.xml"));
    let cases = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: greet
  version: 1.0.0
  steps: [{ id: say, adapter: local, action: echo, input: { text: "Hello ${ input.name }" } }]
---
test:
  workflow: greet
  cases:
    - { name: it greets, input: { name: Ada }, expect: { status: completed, path: [say] } }
    - { name: it fails, input: { name: Ada }, expect: { status: failed } }
"#;
    std::fs::write(&file, cases).unwrap();
    let path = file.to_str().unwrap();
    let junit = results.to_str().unwrap();
    let failed = cli(&["test", path, "--junit", junit, "-o", "table"]);
    let said = text(&failed.stdout);
    assert_eq!(failed.status.code(), Some(1), "{said}");
    assert!(
        said.contains("expected the status failed, but it is completed"),
        "{said}"
    );
    assert!(said.contains("2 cases, 1 failed"), "{said}");
    let results = std::fs::read_to_string(&results).unwrap();
    assert!(results.contains(r#"tests="2" failures="1""#), "{results}");
    let passed = cli(&["test", path, "--only", "greets", "-o", "json"]);
    assert!(passed.status.success(), "{}", text(&passed.stderr));
    let none = cli(&["test", path, "--only", "nothing"]);
    assert_eq!(none.status.code(), Some(2), "{}", text(&none.stderr));
}
