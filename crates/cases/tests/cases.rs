//! Cases that pass, and what is said of those that do not.

use cases::{CaseReport, run};
use definition::ResourceSet;

const WORKFLOWS: &str = r#"
adapters:
  - { name: billing, type: http, url: http://billing, actions: { create: {}, delete: {} }, default-action: create, retry: none }
  - { name: chat, type: http, url: http://chat, retry: { max-attempts: 3, initial-interval: 1h, multiplier: 1, jitter: none } }
  - { name: local, type: builtin }
---
workflow:
  name: order
  version: 1.0.0
  timeout: 60d
  output: "${ steps.account.output.id }"
  steps:
    - { id: account, adapter: billing, input: { n: "${ input.n }" }, compensation: delete }
    - { id: tell, adapter: chat, input: {} }
---
workflow:
  name: patient
  version: 1.0.0
  timeout: 60d
  output: { paid: "${ steps.paid.output }", year: "${ now.getFullYear() }" }
  steps:
    - { id: paid, wait: { signal: paid } }
    - { id: nap, wait: { for: 10d } }
    - { id: ask, decision: { prompt: "Really?", approvers: [role:finance] } }
    - { id: note, adapter: local, action: echo, input: {} }
---
workflow:
  name: ordered
  version: 1.0.0
  timeout: 60d
  subject: "${ input.who }"
  output: "${ steps.paid.output }"
  steps:
    - { id: paid, wait: { event: { type: paid, when: event.amount > 1 } } }
    - { id: told, wait: { event: { type: told, key: "${ input.order }" }, timeout: 2d, on-timeout: continue } }
"#;

fn reports(tests: &str) -> Vec<CaseReport> {
    let files = vec![
        ("flows.yaml".to_owned(), WORKFLOWS.as_bytes().to_vec()),
        ("tests.yaml".to_owned(), tests.as_bytes().to_vec()),
    ];
    let (set, found) = ResourceSet::parse(files);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{found:?}");
    let kinds = adapters::registry();
    let tests = set.tests().iter();
    let each = tests.flat_map(|test| test.cases.iter().map(move |case| (test, case)));
    each.map(|(test, case)| run(&set, &kinds, "dev", test, case))
        .collect()
}

fn one(tests: &str) -> CaseReport {
    let mut reports = reports(tests);
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

#[test]
fn answers_come_in_order_and_the_last_one_stays() {
    let report = one(r"
test:
  workflow: order
  cases:
    - name: the chat answers late
      input: { n: 1 }
      mocks:
        billing: { output: { id: a-1 } }
        chat: [{ error: { type: http.503 } }, { error: { type: http.503 } }, {}]
      expect: { status: completed, output: a-1, path: [account, tell], calls: { billing: 1, billing/create: 1, chat: 3 } }
");
    assert_eq!(report.failures, Vec::<String>::new());
    assert_eq!(report.place, "tests.yaml:5");
    assert_eq!(
        report.took_ms,
        2 * 60 * 60 * 1_000,
        "two hours were skipped"
    );
}

#[test]
fn failures_undo_what_was_done() {
    let report = one(r"
test:
  workflow: order
  cases:
    - name: the chat is away
      input: { n: 1 }
      mocks: { billing: { output: { id: a-1 } }, chat: { error: { type: http.503 } } }
      expect: { status: compensated, error: http.503, path: [account, tell, undo account], calls: { billing/delete: 1, chat: 3 } }
");
    assert_eq!(report.failures, Vec::<String>::new());
}

#[test]
fn signals_time_and_people_are_brought_by_the_case() {
    let report = one(r#"
test:
  - workflow: patient
    cases:
      - name: paid, and approved
        clock: 2030-12-25T00:00:00Z
        signals: [{ name: paid, data: { amount: 5 }, after: 3d }]
        decisions: [{ step: ask, choice: approve, by: "bob:finance", after: 4h }]
        expect: { status: completed, path: [paid, nap, ask, note], output: { paid: { amount: 5 }, year: 2031 } }
"#);
    assert_eq!(report.failures, Vec::<String>::new());
    assert_eq!(report.took_ms, (13 * 24 + 4) * 60 * 60 * 1_000);
}

#[test]
fn events_are_brought_to_whoever_waits() {
    let report = one(r"
test:
  workflow: ordered
  cases:
    - name: paid at the second try
      input: { who: ada, order: o-1 }
      events:
        - { type: paid, data: { amount: 1 }, after: 1h }
        - { type: paid, data: { amount: 2 }, after: 3h }
        - { type: told, subject: o-1, after: 1d }
      expect: { status: completed, path: [paid, told], output: { amount: 2 } }
");
    assert_eq!(report.failures, Vec::<String>::new());
    assert!(
        report.took_ms < 2 * 24 * 60 * 60 * 1_000,
        "{}",
        report.took_ms
    );
    let report = one(r"
test:
  workflow: ordered
  cases:
    - { name: nobody pays, input: { who: ada, order: o }, expect: { status: waiting, path: [] } }
");
    assert_eq!(report.failures, Vec::<String>::new());
}

#[test]
fn what_waits_for_nobody_is_told_as_it_is() {
    let report = one(r"
test:
  workflow: patient
  cases:
    - { name: nobody pays, expect: { status: waiting, path: [] } }
");
    assert_eq!(report.failures, Vec::<String>::new());
}

#[test]
fn what_is_not_as_expected_is_said_in_sentences() {
    let reports = reports(
        r"
test:
  workflow: order
  cases:
    - name: wrong
      input: { n: 1 }
      mocks: { billing: { output: { id: a-1 } }, chat: {} }
      expect: { status: failed, path: [tell], output: b, error: x, calls: { chat: 2 } }
    - name: nothing said about the chat
      input: { n: 1 }
      mocks: { biling: {}, billing: { output: { id: a-1 } } }
      expect: {}
    - name: nobody asked
      input: { n: 1 }
      mocks: { billing: { output: { id: a-1 } }, chat: {} }
      decisions: [{ step: account, choice: approve }]
      expect: { status: completed }
    - name: a wrong clock
      clock: yesterday
      expect: {}
",
    );
    let told: Vec<String> = reports
        .iter()
        .map(|report| report.failures.join("\n"))
        .collect();
    assert_eq!(
        told[0],
        "expected the status failed, but it is completed\n\
         expected the error x, but there is none\n\
         expected the path [tell], but it is [account, tell]\n\
         expected the output \"b\", but it is \"a-1\"\n\
         expected 2 calls of chat, but there are 1"
    );
    assert_eq!(
        told[1],
        "expected `mocks` to name adapters of the files, but found `biling`; did you mean `billing`?\n\
         it called chat/, of which `mocks` say nothing"
    );
    assert_eq!(
        told[2],
        "nobody was asked at the step account, for which the case has an answer"
    );
    assert_eq!(
        told[3],
        "expected `clock` to be a time such as 2026-01-31T08:00:00Z, but got \"yesterday\""
    );
}

#[test]
fn an_answer_that_is_refused_fails_the_case() {
    let report = one(r"
test:
  workflow: patient
  cases:
    - name: not finance
      signals: [{ name: paid }]
      decisions: [{ choice: approve, by: eve }]
      expect: { status: waiting }
");
    assert_eq!(report.failures.len(), 1, "{report:?}");
    assert!(
        report.failures[0].starts_with("the answer approve at the step ask was refused: "),
        "{report:?}"
    );
}

#[test]
fn the_examples_pass_their_cases() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for example in ["customer-onboarding", "order-fulfilment", "github-ops"] {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(root.join(example)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "yaml") {
                files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
        let (set, _) = ResourceSet::parse(files);
        assert!(!set.tests().is_empty(), "{example}");
        for test in set.tests() {
            for case in &test.cases {
                let report = run(&set, &adapters::registry(), "dev", test, case);
                assert!(report.passed(), "{report:#?}");
            }
        }
    }
}
