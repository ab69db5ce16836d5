//! Settings of `serve`.

use crate::harness::{Node, cli, cli_with, text};

#[test]
fn settings_show_where_they_come_from() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("settings.yaml");
    std::fs::write(&file, "env: production\nlog-level: warn\n").unwrap();
    let arguments = [
        "serve",
        "--print-config",
        "--config",
        file.to_str().unwrap(),
        "--listen",
        "127.0.0.1:9",
    ];
    let output = cli_with(&arguments, &[("ORCHESTRATOR_ENV", "staging")], "");
    let printed = text(&output.stdout);
    let line = |key: &str| {
        let found = printed
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap_or_default();
        found.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("listen"), "listen 127.0.0.1:9 flag --listen");
    assert_eq!(line("env"), "env staging variable ORCHESTRATOR_ENV");
    assert_eq!(
        line("log-level"),
        format!("log-level warn file {}", file.display())
    );
    assert_eq!(line("data"), "data data default");
}

#[test]
fn an_open_address_needs_tokens() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let data = data.to_str().unwrap();
    let refused = cli(&["serve", "--listen", "0.0.0.0:0", "--data", data]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("ORC-0604"),
        "{}",
        text(&refused.stderr)
    );
    let refused = cli(&[
        "dev",
        "--ephemeral",
        "--listen",
        "0.0.0.0:0",
        "--no-playground",
    ]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    let wrong = cli(&["serve", "--log-level", "loud,,=", "--data", data]);
    assert_eq!(wrong.status.code(), Some(2), "{}", text(&wrong.stderr));
}

#[test]
fn tokens_name_callers() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("settings.yaml");
    // SHA-256 of `open sesame`.
    let hash = "41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb";
    std::fs::write(
        &file,
        format!("tokens: [{{ user: ann, roles: [viewer], sha256: {hash} }}]\n"),
    )
    .unwrap();
    let config = file.to_str().unwrap();
    let node = Node::serve_with(
        &dir.path().join("store"),
        &["--listen", "127.0.0.1:0", "--config", config],
    );
    let exit = |arguments: &[&str]| node.cli(arguments).status.code();
    assert_eq!(exit(&["list"]), Some(5));
    assert_eq!(exit(&["list", "--token", "open sesame"]), Some(0));
    assert_eq!(exit(&["audit", "--token", "open sesame"]), Some(5));
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_clearly() {
    let refused = cli(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        "/proc/nowhere",
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("ORC-0606"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn the_configurations_to_deploy_with_are_read() {
    let deploy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy");
    for file in ["compose/orchestrator.yaml", "systemd/config.yaml"] {
        let path = format!("{deploy}/{file}");
        let shown = cli(&["serve", "--config", &path, "--print-config"]);
        assert!(shown.status.success(), "{file}: {}", text(&shown.stderr));
        assert!(text(&shown.stdout).contains("production"), "{file}");
    }
}
