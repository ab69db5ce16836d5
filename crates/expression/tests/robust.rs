//! No text makes the compiler or the evaluator panic, hang or run out of stack.

use expression::{Program, Scope, Template, Variables};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// The stack of an asynchronous runtime's worker.
const STACK_BYTES: usize = 2 * 1024 * 1024;
const MUTATIONS: usize = 20_000;

struct Sample;

impl Variables for Sample {
    fn get(&self, _: &str, _: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        Some(Arc::new(
            json!({"a": [1, 2.5, "x", null, {"b": true}], "n": 3, "s": "text", "t": "2026-01-01T00:00:00Z"}),
        ))
    }
}

fn scope() -> Scope {
    Scope::new()
        .variables(["input", "now", "x"])
        .steps(["a", "a-b", "create-account"])
        .open_members("env")
        .members("secrets", ["token"])
        .open_adapters()
        .workflow()
}

fn exercise(text: &str) {
    let scope = scope();
    if let Ok(program) = Program::compile(text, &scope) {
        let _ = program.evaluate(&Sample, 1_700_000_000_000);
        let _ = program.evaluate_duration_ms(&Sample, 0);
        let _ = program.evaluate_timestamp_ms(&Sample, i64::MAX);
    }
    for source in [text.to_owned(), format!("${{ {text} }}")] {
        if let Ok(template) = Template::compile_with_secret_leaves(&json!(source), &scope) {
            let _ = template.evaluate(&Sample, 0);
        }
    }
    let _ = expression::eval::run(text, &json!({"a-b": 1, "a.b": [2], "s": "x"}));
    let _ = expression::duration::parse(text);
    let _ = expression::size::parse(text);
}

fn on_small_stack(work: impl FnOnce() + Send + 'static) {
    let worker = thread::Builder::new().stack_size(STACK_BYTES).spawn(work);
    worker.expect("a thread starts").join().expect("no panic");
}

fn token() -> impl Strategy<Value = String> {
    let words = [
        "input",
        "steps.a-b.output",
        "env.x-y",
        "x",
        "1",
        "2.5",
        "3u",
        "'s'",
        "b'\\xff'",
        "null",
        "true",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        ".",
        "?",
        ".?",
        "[?",
        "+",
        "-",
        "*",
        "/",
        "%",
        "!",
        "&&",
        "||",
        "==",
        "<",
        " in ",
        ".map(x, ",
        ".exists(x, ",
        ".all(i, v, ",
        "range(9",
        "sum(",
        "group(",
        "cel.bind(x, ",
        "has(",
        "size(",
        ".format(",
        "'%s%d'",
        "duration(",
        "timestamp(",
        "now",
        ".getHours(",
        ".matches('a+'",
        "optional.of(",
        "optional.none()",
        ".orValue(",
        "`a-b`",
        "${",
        "$${",
        "\\",
        "\"",
        "'",
        "é",
        "🐱",
        " ",
        "\n",
        "//",
    ];
    prop::sample::select(words.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn survives_any_text(text in "\\PC{0,200}") {
        on_small_stack(move || exercise(&text));
    }

    #[test]
    fn survives_any_tokens(tokens in prop::collection::vec(token(), 0..60)) {
        on_small_stack(move || exercise(&tokens.concat()));
    }
}

#[test]
fn survives_the_deepest_expressions_that_are_allowed() {
    on_small_stack(|| {
        for (open, middle, close) in [
            ("(", "1", ")"),
            ("[", "1", "]"),
            ("{1:", "1", "}"),
            ("-[", "1", "]"),
            ("[1+", "1", "]"),
            ("[0]+[", "1", "]"),
            ("size(", "x", ")"),
            ("!(true && ", "x", ")"),
            ("[1].map(x,", "x", ")"),
            ("[1].map(x,-", "x", ")"),
            ("true?", "1", ":2"),
            ("x.?a.orValue(", "1", ")"),
            ("", "x", ".a"),
            ("", "x", "[0]"),
            ("", "x", ".reverse()"),
            ("", "1", "+1"),
            ("", "1", "<1"),
            ("", "1", " in [1]"),
            ("!", "true", ""),
        ] {
            for count in [50, 95, 99, 100, 101, 150, 290, 300, 500, 1_000, 2_000] {
                exercise(&format!(
                    "{}{middle}{}",
                    open.repeat(count),
                    close.repeat(count)
                ));
            }
        }
    });
}

/// A small generator whose sequence never changes, so that a failure can be repeated.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).expect("below a usize")
    }
}

#[test]
fn survives_mutations_of_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let files: Vec<String> = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a text"))
        .collect();
    let corpus: Vec<String> = files
        .iter()
        .flat_map(|file| file.lines())
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    assert!(corpus.len() > 50);
    on_small_stack(move || {
        let mut seeded = Seeded(0x0005_eed0_f0cd);
        for line in &corpus {
            exercise(line);
        }
        for round in 0..MUTATIONS {
            let text = mutate(&corpus, &mut seeded);
            let result = std::panic::catch_unwind(|| exercise(&text));
            assert!(result.is_ok(), "round {round}: {text:?}");
        }
    });
}

/// A line of the corpus with a few parts removed, doubled, or put in from another line.
fn mutate(corpus: &[String], seeded: &mut Seeded) -> String {
    let mut chars: Vec<char> = corpus[seeded.below(corpus.len())].chars().collect();
    for _ in 0..=seeded.below(4) {
        let from = seeded.below(chars.len() + 1);
        let to = (from + seeded.below(12)).min(chars.len());
        let part: Vec<char> = match seeded.below(4) {
            0 => Vec::new(),
            1 => chars[from..to].repeat(1 + seeded.below(40)),
            2 => vec![char::from_u32(seeded.below(0x250) as u32).unwrap_or(' ')],
            _ => {
                let other: Vec<char> = corpus[seeded.below(corpus.len())].chars().collect();
                let start = seeded.below(other.len());
                other[start..(start + seeded.below(20)).min(other.len())].to_vec()
            }
        };
        chars.splice(from..to, part);
    }
    chars.into_iter().collect()
}
