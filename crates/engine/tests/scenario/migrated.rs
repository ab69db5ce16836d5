//! An instance goes on with another version of its workflow.

use crate::harness::check_versions;

const MIGRATED: &str = r#"
    - start {}
    instance-started
    step-scheduled one
    > call a one/1 {}
    - one ok 1
    step-completed one 1
    step-started pause
    - migrate 1.1.0
    refused: it does not fit version 1.1.0: step one (completed): there is no such step: name its counterpart in `map`; step pause has begun, but step first comes before it there and has not ended
    - migrate 1.1.0 one=first
    instance-migrated
    - migrate 1.1.0
    refused: it runs on version 1.1.0 already
    - clock +3600000
    step-completed pause
    step-scheduled two
    > call b two/1 {}
    - two ok 2
    step-completed two 2
    step-scheduled three
    > call c three/1 {}
    - three fails http.422 permanent
    attempt-failed three http.422
    step-failed three http.422 fails
    instance-failing
    lane-closing 0 failed
    lane-ended root failed
    compensation-started 0+1
    compensation-scheduled first
    > call a/undo-it first/1/compensate {"input":{},"output":1}
    - first ok {}
    compensation-ended first done
    lane-compensated 0
    instance-compensated
    = compensated (http.422)
    "#;

#[test]
fn an_instance_goes_on_with_another_version() {
    check_versions(
        r#"
  output: "${ steps.two.output }"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: pause, wait: { for: 1h } }
    - { id: two, adapter: b }
"#,
        r#"
  output: "${ steps.three.output }"
  steps:
    - { id: first, adapter: a, compensation: undo-it }
    - { id: pause, wait: { for: 1h } }
    - { id: two, adapter: b }
    - { id: three, adapter: c, retry: none }
"#,
        r#"
        start {}
        one ok 1
        migrate 1.1.0
        migrate 1.1.0 one=first
        migrate 1.1.0
        clock +3600000
        two ok 2
        three fails http.422 permanent
        first ok {}
        "#,
        MIGRATED,
    );
}

#[test]
fn what_has_begun_keeps_its_place_and_what_came_before_it() {
    check_versions(
        r#"
  steps:
    - { id: one, adapter: a }
    - id: both
      parallel:
        - - { id: left, adapter: a }
        - - { id: right, adapter: b }
"#,
        r#"
  steps:
    - { id: new, adapter: a }
    - { id: one, adapter: a }
    - id: both
      parallel:
        - - { id: right, adapter: b }
        - - { id: left, wait: { for: 1h } }
        - - { id: more, adapter: b }
"#,
        r#"
        start {}
        migrate 1.1.0
        one ok 1
        migrate 1.1.0
        migrate 2.0.0
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - migrate 1.1.0
        refused: it does not fit version 1.1.0: step one (running): what is under way for it, or its child, is known by its place and name, which change there
        - one ok 1
        step-completed one 1
        step-started both
        lanes-opened both 0..2
        step-scheduled both[0]/left
        step-scheduled both[1]/right
        > call a both[0]/left/1 {}
        > call b both[1]/right/1 {}
        - migrate 1.1.0
        refused: it does not fit version 1.1.0: step both (running): it is under way, and has another number of branches there; step one has begun, but step new comes before it there and has not ended; step both[0]/left (running): it stands in another list of steps there; step both[1]/right (running): it stands in another list of steps there
        - migrate 2.0.0
        refused: expected a workflow in the catalog, but w 2.0.0 is not there
        = running
        "#,
    );
}

#[test]
fn a_person_who_is_asked_about_a_block_is_asked_about_it_there() {
    check_versions(
        r#"
  steps:
    - id: again
      repeat: { state: 0, next: "${ state + 1 }", while: "true", max: 1 }
      on-error: man
      steps:
        - { id: one, adapter: a }
"#,
        r#"
  steps:
    - { id: new, needs: [], set: { value: 1 } }
    - id: again
      needs: []
      repeat: { state: 0, next: "${ state + 1 }", while: "true", max: 1 }
      on-error: man
      steps:
        - { id: one, adapter: a }
"#,
        r#"
        start {}
        one ok 1
        migrate 1.1.0
        answer again supply {"done":true}
        "#,
        r#"
        - start {}
        instance-started
        step-started again
        lanes-opened again 0..1
        step-scheduled again[0]/one
        > call a again[0]/one/1 {}
        - one ok 1
        step-completed again[0]/one 1
        lane-ended 1 completed
        decision-requested again
        - migrate 1.1.0
        instance-migrated
        step-completed new {"value":1}
        - answer again supply {"done":true}
        decision-made supply by again
        step-completed again {"done":true}
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}
