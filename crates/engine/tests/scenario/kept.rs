//! Outputs that are used again.

use crate::check;

#[test]
fn a_call_says_what_its_output_is_kept_under_and_a_kept_one_completes_it() {
    check(
        r#"
  steps:
    - { id: rate, adapter: a, input: 1, cache: { key: "rate-${ input.currency }", ttl: 1h } }
    - { id: plain, adapter: a, input: 2, cache: { key: "${ input.nothing }", ttl: 1h } }
"#,
        r#"
        start {"currency": "eur", "nothing": null}
        rate kept 1.2
        plain ok 3
        "#,
        r#"
        - start {"currency": "eur", "nothing": null}
        instance-started
        step-scheduled rate
        > call a rate/1 1 kept as rate-eur
        - rate kept 1.2
        step-completed rate 1.2 (kept)
        step-scheduled plain
        > call a plain/1 2
        - plain ok 3
        step-completed plain 3
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_key_that_is_too_long_or_cannot_be_computed_fails_the_step() {
    check(
        r#"
  steps:
    - { id: long, adapter: a, cache: { key: "${ input.key }", ttl: 1h }, on-error: continue }
    - { id: missing, adapter: a, cache: { key: "${ input.no.such }", ttl: 1h } }
"#,
        &format!("start {{\"key\": \"{}\"}}", "k".repeat(257)),
        &format!(
            r#"
        - start {{"key": "{}"}}
        instance-started
        step-failed long expression continues
        step-failed missing expression fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (expression)
        "#,
            "k".repeat(257)
        ),
    );
}
