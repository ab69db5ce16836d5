//! What does not fit is refused with the reason, and changes nothing.

use std::fs;

use super::{address, fails, json};
use crate::DEFINITIONS;
use crate::harness::{Node, cli, text, until};

#[test]
fn wrong_addresses_and_keys() {
    let scheme = fails(&["backup", "verify", "--from", "ftp://host/folder"], 2);
    assert!(scheme.contains("it begins with ftp:"), "{scheme}");
    let plain = fails(&["backup", "list", "--from", "/srv/backups"], 2);
    assert!(
        plain.contains("expected file:///folder or s3://"),
        "{plain}"
    );
    let region = fails(&["backup", "list", "--from", "s3://bucket"], 2);
    assert!(region.contains("expected `region`"), "{region}");
    let keys = fails(&["backup", "list", "--from", "s3://bucket?region=eu"], 2);
    assert!(keys.contains("AWS_ACCESS_KEY_ID"), "{keys}");
    let inside = fails(
        &["backup", "list", "--from", "s3://k:secret@bucket?region=eu"],
        2,
    );
    assert!(
        inside.contains("into the environment") && inside.contains("ORC-0602"),
        "{inside}"
    );
    let dir = tempfile::tempdir().unwrap();
    let nothing = address(&dir.path().join("nothing"));
    let none = fails(&["backup", "verify", "--from", &nothing], 1);
    assert!(
        none.contains("ORC-0620") && none.contains("there are none"),
        "{none}"
    );
}

#[test]
fn servers_refuse_archives_and_backups_that_do_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
    ];
    let unknown = fails(&[&serve[..], &["--archive", "ftp://host/x"]].concat(), 2);
    assert!(unknown.contains("it begins with ftp:"), "{unknown}");
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let no_folder = fails(&[&serve[..], &["--archive", &address(&file)]].concat(), 1);
    assert!(
        no_folder.contains("name a folder, not a file"),
        "{no_folder}"
    );

    let node = Node::serve(&data);
    let refused = |arguments: &[&str]| {
        let output = node.cli(&[&["backup", "create"], arguments].concat());
        (output.status.code(), text(&output.stderr))
    };
    let (code, nowhere) = refused(&[]);
    assert_eq!(code, Some(5), "{nowhere}");
    assert!(
        nowhere.contains("ORC-0428") && nowhere.contains("--to"),
        "{nowhere}"
    );
    let (code, unknown) = refused(&["--to", "ftp://host/x"]);
    assert_eq!(code, Some(5), "{unknown}");
    let vault = address(&dir.path().join("vault"));
    node.json(&["backup", "create", "--to", &vault]);
    let other = Node::serve(&dir.path().join("other"));
    let mixed = other.cli(&["backup", "create", "--to", &vault]);
    let mixed = text(&mixed.stderr);
    assert!(mixed.contains("it holds those of store"), "{mixed}");
    other.stop();
    node.stop();
}

#[test]
fn restores_that_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, data) = (dir.path().join("vault"), dir.path().join("store"));
    let from = address(&vault);
    let node = Node::serve(&data);
    node.apply(DEFINITIONS);
    let made = node.json(&["backup", "create", "--to", &from]);
    let back = dir.path().join("back");
    let folder = back.to_str().unwrap();
    let restore = |more: &[&str], code: i32| {
        let all = [&["backup", "restore", "--from", &from, folder], more].concat();
        let said = fails(&all, code);
        assert!(!back.exists(), "{more:?}");
        assert!(!dir.path().join("back-calls.ndjson").exists(), "{more:?}");
        said
    };
    let early = restore(&["--to-time", "2001-01-01T00:00:00Z"], 1);
    assert!(
        early.contains("ORC-0620") && early.contains(made["from"].as_str().unwrap()),
        "{early}"
    );
    let words = restore(&["--to-time", "yesterday"], 2);
    assert!(words.contains("expected a time such as"), "{words}");
    let place = restore(&["--to-position", "7"], 2);
    assert!(place.contains("PARTITION:POSITION"), "{place}");
    let far = restore(&["--to-position", "0:999999"], 1);
    assert!(far.contains("but the copies end at"), "{far}");
    let id = restore(&["--backup", "nothing"], 1);
    assert!(id.contains(made["id"].as_str().unwrap()), "{id}");

    let used = ["backup", "restore", "--from", &from, data.to_str().unwrap()];
    let used = fails(&used, 1);
    assert!(used.contains("new or empty folder"), "{used}");
    let manifest = vault
        .join("backups")
        .join(made["id"].as_str().unwrap())
        .join("manifest.json");
    let text_of = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text_of.replace("\"format\": 1", "\"format\": 2")).unwrap();
    let newer = restore(&[], 1);
    assert!(newer.contains("expected format 1, but it is 2"), "{newer}");
    fs::write(&manifest, "{").unwrap();
    let torn = restore(&[], 1);
    assert!(
        torn.contains("manifest.json") && torn.contains("cannot be read"),
        "{torn}"
    );
    node.stop();
}

#[test]
fn torn_and_missing_objects_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, data) = (dir.path().join("vault"), dir.path().join("store"));
    let from = address(&vault);
    let archive = ["--listen", "127.0.0.1:0", "--archive", &from];
    // A start and a stop leave an object each.
    for name in ["Ada", "Bob", "Cid"] {
        let node = Node::serve_with(&data, &archive);
        node.apply(DEFINITIONS);
        node.submit("greet", &format!(r#"{{"name": "{name}"}}"#));
        node.stop();
    }
    let folder = vault.join("journal/0000000001");
    let mut objects: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    objects.sort_unstable();
    let object = &objects[objects.len() - 2];
    let name = object.file_name().unwrap().to_str().unwrap();
    let whole = fs::read(object).unwrap();
    let verify = ["backup", "verify", "--from", &from, "-o", "json"];
    let finding = || {
        let output = cli(&verify);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains("ORC-0621"),
            "{}",
            text(&output.stderr)
        );
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report}");
        report["findings"][0].clone()
    };
    fs::write(object, &whole[..whole.len() - 1]).unwrap();
    let torn = finding();
    assert!(torn["object"].as_str().unwrap().ends_with(name), "{torn}");
    assert!(
        torn["what"].as_str().unwrap().contains("it is torn"),
        "{torn}"
    );
    let back = dir.path().join("back");
    let said = fails(
        &["backup", "restore", "--from", &from, back.to_str().unwrap()],
        1,
    );
    assert!(said.contains(name) && said.contains("--to-time"), "{said}");
    fs::remove_file(object).unwrap();
    let missing = finding();
    assert!(
        missing["object"].as_str().unwrap().ends_with(name),
        "{missing}"
    );
    assert!(
        missing["what"].as_str().unwrap().contains("missing"),
        "{missing}"
    );
    fs::write(object, whole).unwrap();
    assert_eq!(json(&verify)["findings"], serde_json::json!([]));
}

#[test]
fn an_archive_that_is_away_does_not_let_the_journal_grow_without_bound() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, config) = (dir.path().join("vault"), dir.path().join("server.yaml"));
    fs::write(&config, "limits: { archive-lag: 4KiB }\n").unwrap();
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--archive",
        &address(&vault),
        "--config",
        config.to_str().unwrap(),
    ];
    let node = Node::serve_with(&dir.path().join("store"), &arguments);
    node.apply(DEFINITIONS);
    let open = node.submit("nap", r#"{"for": "2s"}"#);
    let moved = dir.path().join("moved");
    fs::rename(&vault, &moved).unwrap();
    fs::write(&vault, "").unwrap();
    let refused = until("starts are refused", || {
        let started = node.cli(&["submit", "greet", "--input", r#"{"name": "Ada"}"#]);
        (!started.status.success()).then(|| text(&started.stderr))
    });
    assert!(refused.contains("ORC-0510"), "{refused}");
    // What runs goes on.
    node.until_status(&open, "completed");
    fs::remove_file(&vault).unwrap();
    fs::rename(&moved, &vault).unwrap();
    until("the archive has caught up, and starts are taken", || {
        let started = node.cli(&["submit", "greet", "--input", r#"{"name": "Eve"}"#]);
        started.status.success().then_some(())
    });
}
