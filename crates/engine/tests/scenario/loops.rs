//! Items and rounds.

use crate::check;

#[test]
fn items_run_in_lanes_and_keep_their_order() {
    check(
        r#"
  output: "${ steps.l.output }"
  steps:
    - id: l
      for-each: "${ input }"
      as: line
      concurrency: 2
      collect: "${ steps.x.output + line }"
      steps:
        - { id: x, adapter: a, input: { n: "${ line }", i: "${ index }" } }
"#,
        r#"
        start [10, 20, 30]
        l[1]/x ok 1
        l[0]/x ok 2
        l[2]/x ok 3
        "#,
        r#"
        - start [10, 20, 30]
        instance-started
        step-started l
        lanes-opened l 0..2
        step-scheduled l[0]/x
        step-scheduled l[1]/x
        > call a l[0]/x/1 {"i":0,"n":10}
        > call a l[1]/x/1 {"i":1,"n":20}
        - l[1]/x ok 1
        step-completed l[1]/x 1
        lane-ended 2 completed
        lanes-opened l 2..3
        step-scheduled l[2]/x
        > call a l[2]/x/1 {"i":2,"n":30}
        - l[0]/x ok 2
        step-completed l[0]/x 2
        lane-ended 1 completed
        - l[2]/x ok 3
        step-completed l[2]/x 3
        lane-ended 3 completed
        step-completed l [12,21,33]
        lane-ended root completed
        instance-completed
        = completed [12,21,33]
        "#,
    );
}

#[test]
fn batches_of_items() {
    check(
        r#"
  steps:
    - id: l
      for-each: "${ input }"
      batch: 2
      steps:
        - { id: x, adapter: a, input: "${ item }" }
"#,
        r#"
        start [1, 2, 3]
        l[0]/x ok "a"
        l[1]/x ok "b"
        "#,
        r#"
        - start [1, 2, 3]
        instance-started
        step-started l
        lanes-opened l 0..2
        step-scheduled l[0]/x
        step-scheduled l[1]/x
        > call a l[0]/x/1 [1,2]
        > call a l[1]/x/1 [3]
        - l[0]/x ok "a"
        step-completed l[0]/x "a"
        lane-ended 1 completed
        - l[1]/x ok "b"
        step-completed l[1]/x "b"
        lane-ended 2 completed
        step-completed l ["a","b"]
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn no_items_is_an_empty_list() {
    check(
        r#"
  output: "${ steps.l.output }"
  steps:
    - { id: l, for-each: "${ input }", steps: [{ id: x, adapter: a }] }
"#,
        r#"
        start []
        "#,
        r#"
        - start []
        instance-started
        step-started l
        step-completed l []
        lane-ended root completed
        instance-completed
        = completed []
        "#,
    );
}

#[test]
fn something_else_than_a_list_fails() {
    check(
        r#"
  steps:
    - { id: l, for-each: "${ input }", steps: [{ id: x, adapter: a }] }
"#,
        r#"
        start {"a": 1}
        "#,
        r#"
        - start {"a": 1}
        instance-started
        step-failed l expression fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (expression)
        "#,
    );
}

#[test]
fn the_first_failure_ends_the_loop() {
    check(
        r#"
  steps:
    - id: l
      for-each: "${ input }"
      concurrency: 2
      steps:
        - { id: x, adapter: a, retry: none }
"#,
        r#"
        start [1, 2, 3]
        l[0]/x fails bad permanent
        l[1]/x ok 1
        "#,
        r#"
        - start [1, 2, 3]
        instance-started
        step-started l
        lanes-opened l 0..2
        step-scheduled l[0]/x
        step-scheduled l[1]/x
        > call a l[0]/x/1 [1,2,3]
        > call a l[1]/x/1 [1,2,3]
        - l[0]/x fails bad permanent
        attempt-failed l[0]/x bad
        step-failed l[0]/x bad fails
        lane-closing 1 failed
        lane-ended 1 failed
        step-failed l bad fails
        instance-failing
        lane-closing 0 failed
        lane-closing 2 cancelled
        - l[1]/x ok 1
        step-completed l[1]/x 1
        lane-ended 2 cancelled
        lane-ended root failed
        instance-failed
        = failed (bad)
        "#,
    );
}

#[test]
fn failures_are_collected_up_to_the_limit() {
    check(
        r#"
  output: "${ steps.l.output }"
  steps:
    - id: l
      for-each: "${ input }"
      failure: collect
      max-failures: 1
      steps:
        - { id: x, adapter: a, retry: none }
"#,
        r#"
        start [1, 2]
        l[0]/x fails bad permanent
        l[1]/x ok 1
        "#,
        r#"
        - start [1, 2]
        instance-started
        step-started l
        lanes-opened l 0..2
        step-scheduled l[0]/x
        step-scheduled l[1]/x
        > call a l[0]/x/1 [1,2]
        > call a l[1]/x/1 [1,2]
        - l[0]/x fails bad permanent
        attempt-failed l[0]/x bad
        step-failed l[0]/x bad fails
        lane-closing 1 failed
        lane-ended 1 failed
        - l[1]/x ok 1
        step-completed l[1]/x 1
        lane-ended 2 completed
        step-completed l {"results":[null,1],"errors":[{"error":{"message":"bad happened","step":"l[0]/x","type":"bad"},"index":0,"item":1}]}
        lane-ended root completed
        instance-completed
        = completed {"errors":[{"error":{"message":"bad happened","step":"l[0]/x","type":"bad"},"index":0,"item":1}],"results":[null,1]}
        "#,
    );
}

#[test]
fn rounds_with_a_state() {
    check(
        r#"
  output: "${ steps.r.output }"
  steps:
    - id: r
      repeat: { state: { n: 0 }, next: { n: "${ state.n + 1 }" }, until: steps.x.output.ready, max: 9, delay: 1m }
      steps: [{ id: x, adapter: a, input: { n: "${ state.n }", i: "${ iteration }" } }]
"#,
        r#"
        start {}
        x ok {"ready": false}
        clock +60000
        x ok {"ready": true}
        "#,
        r#"
        - start {}
        instance-started
        step-started r
        lanes-opened r 0..1
        step-scheduled r[0]/x
        > call a r[0]/x/1 {"i":1,"n":0}
        - x ok {"ready": false}
        step-completed r[0]/x {"ready":false}
        lane-ended 1 completed
        round-delayed r
        - clock +60000
        lanes-opened r 1..2
        step-scheduled r[1]/x
        > call a r[1]/x/1 {"i":2,"n":1}
        - x ok {"ready": true}
        step-completed r[1]/x {"ready":true}
        lane-ended 2 completed
        step-completed r {"last":{"ready":true},"rounds":2,"state":{"n":2}}
        lane-ended root completed
        instance-completed
        = completed {"last":{"ready":true},"rounds":2,"state":{"n":2}}
        "#,
    );
}

#[test]
fn while_is_asked_before_a_round() {
    check(
        r#"
  output: "${ steps.r.output }"
  steps:
    - id: r
      repeat: { state: 0, next: "${ state + 1 }", while: state < 2 }
      steps: [{ id: x, set: { n: "${ state }" } }]
"#,
        r#"
        start {}
        "#,
        r#"
        - start {}
        instance-started
        step-started r
        lanes-opened r 0..1
        step-completed r[0]/x {"n":0}
        lane-ended 1 completed
        lanes-opened r 1..2
        step-completed r[1]/x {"n":1}
        lane-ended 2 completed
        step-completed r {"last":{"n":1},"rounds":2,"state":2}
        lane-ended root completed
        instance-completed
        = completed {"last":{"n":1},"rounds":2,"state":2}
        "#,
    );
}

#[test]
fn the_limit_is_an_error() {
    check(
        r#"
  steps:
    - id: r
      repeat: { state: 0, next: "${ state + 1 }", until: "false", max: 2 }
      steps: [{ id: x, set: { n: "${ state }" } }]
"#,
        r#"
        start {}
        "#,
        r#"
        - start {}
        instance-started
        step-started r
        lanes-opened r 0..1
        step-completed r[0]/x {"n":0}
        lane-ended 1 completed
        lanes-opened r 1..2
        step-completed r[1]/x {"n":1}
        lane-ended 2 completed
        step-failed r loop-limit fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (loop-limit)
        "#,
    );
}

#[test]
fn break_ends_the_nearest_loop() {
    check(
        r#"
  output: "${ steps.r.output }"
  steps:
    - id: r
      repeat: { state: 0, next: "${ state + 1 }", until: "false", max: 9 }
      steps:
        - id: s
          switch:
            - { when: state == 1, steps: [{ id: out, break: "${ state }" }, { id: no, adapter: a }] }
"#,
        r#"
        start {}
        "#,
        r#"
        - start {}
        instance-started
        step-started r
        lanes-opened r 0..1
        step-skipped r[0]/s
        lane-ended 1 completed
        lanes-opened r 1..2
        step-started r[1]/s
        lanes-opened r[1]/s 0..1
        step-completed r[1]/s[0]/out 1
        lane-closing 2 broken
        lane-closing 3 cancelled
        lane-ended 3 cancelled
        lane-ended 2 broken
        step-completed r {"last":1,"rounds":2,"state":1}
        lane-ended root completed
        instance-completed
        = completed {"last":1,"rounds":2,"state":1}
        "#,
    );
}
