//! Files that are too large, too deep or no text at all: a diagnostic each, never a panic.

use definition::{Catalog, MAX_FILE_BYTES, ResourceSet, no_settings_check};

/// The codes of what is found, on a stack as small as a worker's.
fn codes(bytes: Vec<u8>) -> Vec<(&'static str, u32, u32)> {
    let run = move || {
        let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), bytes)]);
        let found = set.validate(&Catalog::default(), &no_settings_check);
        found
            .iter()
            .map(|found| (found.code, found.line, found.column))
            .collect()
    };
    let thread = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(run);
    thread.expect("a thread").join().expect("no panic")
}

#[test]
fn bytes_that_are_no_text() {
    assert_eq!(
        codes(b"adapters:\n  - name: \xff\n".to_vec()),
        [("ORC-1001", 2, 11)]
    );
    assert_eq!(codes(vec![0xc3]), [("ORC-1001", 1, 1)]);
}

#[test]
fn a_file_that_is_too_large() {
    assert_eq!(codes(vec![b'#'; MAX_FILE_BYTES + 1]), [("ORC-1002", 0, 0)]);
    assert_eq!(codes(vec![b'#'; MAX_FILE_BYTES]), []);
}

#[test]
fn lists_that_nest_too_deep() {
    for depth in [101, 200, 50_000] {
        let text = format!("workflow: {}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(codes(text.into_bytes())[0].0, "ORC-1005", "{depth}");
    }
    let block = (0..300).fold(String::new(), |text, depth| {
        text + &" ".repeat(depth) + "a:\n"
    });
    assert_eq!(codes(block.into_bytes())[0].0, "ORC-1005");
}

#[test]
fn steps_that_nest_as_deep_as_they_may() {
    let open: String = (0..31)
        .map(|depth| format!("[{{ id: s{depth}, steps: "))
        .collect();
    let close = "}]".repeat(31);
    let text = format!(
        "workflow: {{ name: w, version: 1.0.0, timeout: 1h, steps: {open}[{{ id: x, set: {{ y: 1 }} }}]{close} }}"
    );
    assert_eq!(codes(text.into_bytes()), []);
}

#[test]
fn aliases_that_multiply() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    assert!(
        codes(text.into_bytes())
            .iter()
            .any(|found| found.0 == "ORC-1006")
    );
}

#[test]
fn more_steps_than_a_workflow_may_have() {
    let steps: String = (0..10_001)
        .map(|step| format!("{{ id: s{step}, set: {{}} }}, "))
        .collect();
    let text = format!("workflow: {{ name: w, version: 1.0.0, timeout: 1h, steps: [{steps}] }}");
    assert!(
        codes(text.into_bytes())
            .iter()
            .any(|found| found.0 == "ORC-1002")
    );
}

#[test]
fn errors_are_bounded_and_never_lost_behind_warnings() {
    let steps: String = (0..2_000)
        .map(|step| format!("{{ id: s{step}, set: {{}}, colour: red }}, "))
        .collect();
    let text = format!("workflow: {{ name: w, version: 1.0.0, timeout: 1h, steps: [{steps}] }}");
    let found = codes(text.into_bytes());
    assert_eq!(
        found.iter().filter(|found| found.0 == "ORC-1010").count(),
        200
    );
    assert!(found.len() <= 400);
}

#[test]
fn an_expression_that_is_too_long() {
    let long = "1 + ".repeat(2_000);
    let text = format!(
        "workflow: {{ name: w, version: 1.0.0, timeout: 1h, steps: [{{ id: a, adapter: b, when: \"{long}1\" }}] }}"
    );
    assert!(
        codes(text.into_bytes())
            .iter()
            .any(|found| found.0 == "ORC-1030")
    );
}
