//! Whatever the input, reading it ends, in bounds, without a panic: a seeded run of mutations over the corpus.
//! `FUZZ_ROUNDS=100000` makes it longer; the failing seed is printed.

use std::path::Path;

use definition::{Catalog, Diagnostic, ResourceSet, no_settings_check};
use proptest::prelude::*;

const ROUNDS: u64 = 10_000;
/// A worker thread's stack.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// What a mutation puts in: the characters and words that have a meaning somewhere.
const WORDS: [&str; 34] = [
    "${",
    "}",
    "{",
    "[",
    "]",
    ": ",
    " #",
    "!x",
    "&a ",
    "*a",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "\"",
    "'",
    "|",
    ">",
    "---\n",
    "? ",
    "%",
    "null",
    "~",
    "steps",
    "needs: ",
    "when:",
    "parallel: ",
    "workflow: ",
    "\u{0}",
    "\u{feff}",
    "\u{1f600}",
    "\\ud800",
    "99999999999999999999",
    "env.a-b",
];

/// Reads a file the way `validate` and `apply` do, and checks what every finding promises.
fn check(bytes: &[u8]) {
    let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), bytes.to_vec())]);
    for found in set.validate(&Catalog::default(), &no_settings_check) {
        check_finding(&found, bytes);
    }
    if let Ok(change) = set.apply_to(&Catalog::default(), &no_settings_check) {
        let rebuilt = Catalog::from_stored("", change.new.version, change.new.to_stored());
        let rebuilt = rebuilt.expect("what was applied can be rebuilt");
        assert_eq!(rebuilt.resources, change.new.resources);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = definition::parse_workflow(text);
    }
}

fn check_finding(found: &Diagnostic, bytes: &[u8]) {
    let lines = bytes
        .iter()
        .filter(|byte| **byte == b'\n' || **byte == b'\r')
        .count()
        + 1;
    assert!(found.line as usize <= lines + 1, "{found:?}");
    assert!(
        found.span.start <= found.span.end && found.span.end <= bytes.len(),
        "{found:?}"
    );
    assert!(
        definition::codes::ALL
            .iter()
            .any(|code| code.id == found.code),
        "{found:?}"
    );
    assert!(found.to_string().contains(found.code));
}

/// A small generator: the same seed gives the same document.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).expect("below the bound")
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.next(bytes.len() + 1);
        let end = (at + self.next(40)).min(bytes.len());
        match self.next(5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let word = WORDS[self.next(WORDS.len())].as_bytes();
                drop(bytes.splice(at..at, word.iter().copied()));
            }
            2 => {
                let copied = bytes[at..end].to_vec();
                let to = self.next(bytes.len() + 1);
                drop(bytes.splice(to..to, copied));
            }
            3 if at < bytes.len() => bytes[at] ^= 1 << self.next(8),
            _ => {
                let word = WORDS[self.next(WORDS.len())].as_bytes();
                drop(bytes.splice(at..end, word.iter().copied()));
            }
        }
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| std::fs::read(path).expect("a document"))
        .collect()
}

fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(run)
        .expect("a thread");
    thread.join().expect("no panic");
}

#[test]
fn mutated_documents_never_panic() {
    on_a_small_stack(|| {
        let rounds = std::env::var("FUZZ_ROUNDS")
            .ok()
            .and_then(|rounds| rounds.parse().ok())
            .unwrap_or(ROUNDS);
        let corpus = corpus();
        for seed in 1..=rounds {
            let mut seeded = Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut bytes = corpus[seeded.next(corpus.len())].clone();
            for _ in 0..=seeded.next(6) {
                seeded.mutate(&mut bytes);
            }
            let checked = std::panic::catch_unwind(|| check(&bytes));
            assert!(
                checked.is_ok(),
                "seed {seed}:\n{}",
                String::from_utf8_lossy(&bytes)
            );
        }
    });
}

#[test]
fn the_corpus_itself_is_read() {
    on_a_small_stack(|| corpus().iter().for_each(|bytes| check(bytes)));
}

/// A workflow of steps `s0` ... that need what is given by index.
fn workflow(needs: &[Vec<usize>]) -> String {
    let step = |(index, needs): (usize, &Vec<usize>)| {
        let needs: Vec<String> = needs.iter().map(|need| format!("s{need}")).collect();
        format!(
            "{{ id: s{index}, adapter: a, needs: [{}] }}",
            needs.join(", ")
        )
    };
    let steps: Vec<String> = needs.iter().enumerate().map(step).collect();
    format!(
        "workflow: {{ name: w, version: 1.0.0, steps: [{}] }}",
        steps.join(", ")
    )
}

/// Whether any step can reach itself, found by walking.
fn has_circle(needs: &[Vec<usize>]) -> bool {
    let reaches_itself = |start: usize| {
        let mut seen = vec![false; needs.len()];
        let mut next = needs[start].clone();
        while let Some(step) = next.pop() {
            if step == start {
                return true;
            }
            if !std::mem::replace(&mut seen[step], true) {
                next.extend(&needs[step]);
            }
        }
        false
    };
    (0..needs.len()).any(reaches_itself)
}

fn graphs() -> impl Strategy<Value = Vec<Vec<usize>>> {
    (1_usize..9)
        .prop_flat_map(|size| prop::collection::vec(prop::collection::vec(0..size, 0..3), size))
}

/// Graphs without a circle: every step needs only steps on one side of it.
fn dags() -> impl Strategy<Value = Vec<Vec<usize>>> {
    (graphs(), any::<bool>()).prop_map(|(mut needs, backwards)| {
        for (step, needs) in needs.iter_mut().enumerate() {
            needs.retain(|need| {
                if backwards {
                    *need > step
                } else {
                    *need < step
                }
            });
        }
        needs
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,200}") {
        check(text.as_bytes());
    }

    #[test]
    fn any_value_under_a_workflow_is_read_without_a_panic(value in "[\\[\\]{}:,'\"#!&*|>?%@`$ a-c0-9\n-]{0,80}") {
        check(format!("workflow: {value}").as_bytes());
        check(format!("workflow:\n  name: w\n  steps:\n  - when: {value}\n").as_bytes());
    }

    #[test]
    fn a_circle_is_reported_where_there_is_one(needs in graphs()) {
        match definition::parse_workflow(&workflow(&needs)) {
            Ok(_) => prop_assert!(!has_circle(&needs)),
            Err(found) => {
                prop_assert!(has_circle(&needs), "{}", found[0]);
                prop_assert!(found.iter().any(|found| found.code == "ORC-1023"));
            }
        }
    }

    #[test]
    fn an_expression_sees_exactly_what_has_ended(needs in dags(), from in 0_usize..9, to in 0_usize..9) {
        let (from, to) = (from % needs.len(), to % needs.len());
        let named = format!("s{from}, adapter: a, when: \"steps.s{to}.output == 1\"");
        let text = workflow(&needs).replacen(&format!("s{from}, adapter: a"), &named, 1);
        let mut ended = vec![false; needs.len()];
        let mut next = needs[from].clone();
        while let Some(step) = next.pop() {
            if !std::mem::replace(&mut ended[step], true) {
                next.extend(&needs[step]);
            }
        }
        prop_assert_eq!(definition::parse_workflow(&text).is_ok(), ended[to], "{}", text);
    }

    #[test]
    fn the_stored_form_compiles_to_the_same(needs in dags()) {
        let first = definition::parse_workflow(&workflow(&needs)).expect("no circle");
        let again = definition::compile_workflow(&first.document).expect("the stored form");
        prop_assert_eq!(first.hash, again.hash);
        prop_assert_eq!(format!("{:?}", first.steps), format!("{:?}", again.steps));
    }
}

#[test]
fn the_written_corpus_has_no_errors() {
    for name in ["order.yaml", "resources.yaml", "workflow.yaml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/corpus")
            .join(name);
        let (set, _) = ResourceSet::parse(vec![(
            name.to_owned(),
            std::fs::read(path).expect("a document"),
        )]);
        let found = set.validate(&Catalog::default(), &no_settings_check);
        let refused: Vec<String> = found
            .iter()
            .filter(|found| found.refuses_apply())
            .map(ToString::to_string)
            .collect();
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }
}
