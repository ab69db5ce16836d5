use super::*;

fn no_variable(_: &str) -> Option<String> {
    None
}

fn file(text: &str) -> (tempfile::TempDir, Flags) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.yaml");
    std::fs::write(&path, text).unwrap();
    let flags = Flags::from([("config", path.display().to_string())]);
    (dir, flags)
}

fn origin_of<'a>(shown: &'a [Shown], key: &str) -> &'a str {
    &shown.iter().find(|shown| shown.key == key).unwrap().origin
}

#[test]
fn flags_go_before_variables_before_the_file_before_defaults() {
    let (_dir, mut flags) =
        file("env: from-file\ndata: from-file\nlisten: 127.0.0.1:1\nhosts: [a, b]\n");
    flags.insert("env", "from-flag".into());
    let variable = |name: &str| match name {
        "ORCHESTRATOR_ENV" | "ORCHESTRATOR_DATA" => Some("from-variable".to_owned()),
        _ => None,
    };
    let (settings, shown) = Settings::load(flags, variable).unwrap();
    assert_eq!(settings.environment, "from-flag");
    assert_eq!(settings.data, PathBuf::from("from-variable"));
    assert_eq!(settings.listen.port(), 1);
    assert_eq!(settings.hosts, ["a", "b"]);
    assert_eq!(origin_of(&shown, "env"), "flag --env");
    assert_eq!(origin_of(&shown, "data"), "variable ORCHESTRATOR_DATA");
    assert!(origin_of(&shown, "listen").starts_with("file "));
    assert_eq!(origin_of(&shown, "log-level"), "default");
}

#[test]
fn a_wrong_value_is_named_with_its_place() {
    let check = |flags: Flags, expected: &str| {
        let message = Settings::load(flags, no_variable).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    check(
        Flags::from([("listen", "nowhere".into())]),
        "setting `listen` (flag --listen)",
    );
    check(
        Flags::from([("log-format", "xml".into())]),
        "expected auto, json or text",
    );
    check(
        Flags::from([("audit-key", "secret".into())]),
        "expected 64 hexadecimal digits",
    );
    check(
        Flags::from([("partitions", "0".into())]),
        "expected 1 to 4096",
    );
    check(
        Flags::from([("config", "/does/not/exist.yaml".into())]),
        "cannot be read",
    );
    let (_dir, flags) = file("lisen: 127.0.0.1:1\n");
    check(flags, "lisen");
    let (_dir, flags) = file("tokens: [{ user: ann, roles: [admin], sha256: abc }]\n");
    check(flags, "64 hexadecimal digits");
}

#[test]
fn an_address_that_others_reach_needs_tokens() {
    let open = Flags::from([("listen", "0.0.0.0:8080".into())]);
    let refused = Settings::load(open.clone(), no_variable).unwrap_err();
    assert!(matches!(refused, SettingsError::OpenToAll(_)), "{refused}");

    let hash = "0".repeat(64);
    let (_dir, mut flags) = file(&format!(
        "tokens: [{{ user: ann, roles: [admin], sha256: {hash:?} }}]\n"
    ));
    flags.extend(open);
    assert!(Settings::load(flags, no_variable).is_ok());
}
