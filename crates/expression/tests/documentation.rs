//! Every example of the documentation gives what it says.

use expression::eval;
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/expressions.md");
const EXPECTED_FAILURES: &str = include_str!("cel/expected-failures.txt");

fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let mut parts = PAGE.split("\n```");
    parts.next();
    let opening = format!("{language}\n");
    let starts: Vec<_> = parts
        .filter_map(|part| part.strip_prefix(&opening))
        .collect();
    starts.into_iter()
}

#[test]
fn examples_give_what_they_say() {
    let input = blocks("json").next().expect("the page shows its input");
    let input: Value = serde_json::from_str(input).expect("the input is JSON");
    let mut count = 0;
    for line in blocks("cel").flat_map(str::lines) {
        let (expression, expected) = line
            .rsplit_once(" // ")
            .expect("an expression and its value");
        let found = eval::run(expression, &input);
        match expected.trim() {
            "error" => assert!(matches!(found, Err(eval::Error::Evaluation(_))), "{line}"),
            expected => {
                let expected: Value = serde_json::from_str(expected).expect(line);
                assert_eq!(found, Ok(expected), "{line}");
            }
        }
        count += 1;
    }
    assert!(count > 40);
}

#[test]
fn lists_the_vectors_that_fail() {
    let ids = EXPECTED_FAILURES
        .lines()
        .filter(|line| !line.starts_with('#'));
    for id in ids {
        assert!(PAGE.contains(&format!("- `{id}`")), "{id}");
    }
}
