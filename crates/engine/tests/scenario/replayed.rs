//! An instance is repeated from a step on.

use crate::check;

const TAKEN: &str = r#"
    - start {}
    instance-started
    step-scheduled one
    > call a one/1 {}
    - one ok 1
    step-completed one 1
    step-scheduled side
    step-scheduled two
    > call c side/1 {}
    > call b two/1 1
    - side ok 7
    step-completed side 7
    - two ok 2
    step-completed two 2
    step-scheduled three
    > call c three/1 {}
    - three ok 3
    step-completed three 3
    step-scheduled four
    > call b four/1 {}
    - replay nowhere
    refused: expected a step of the workflow's own list, but version 1.0.0 has no step nowhere there
    - replay two
    instance-started
    steps-taken
    step-scheduled two
    > call b two/1 1
    - two ok 4
    step-completed two 4
    step-scheduled three
    > call c three/1 {}
    - three ok 5
    step-completed three 5
    step-scheduled four
    > call b four/1 {}
    - four fails http.422 permanent
    attempt-failed four http.422
    step-failed four http.422 fails
    instance-failing
    lane-closing 0 failed
    lane-ended root failed
    compensation-started 0+1
    compensation-scheduled three
    > call c/undo-it three/1/compensate {"input":{},"output":5}
    - three ok {}
    compensation-ended three done
    lane-compensated 0
    instance-compensated
    - replay four
    refused: step three comes before it and was undone: replay from there, or from before it
    = compensated (http.422)
    "#;

#[test]
fn what_a_replay_takes_over_is_seen_but_neither_called_nor_undone() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: side, adapter: c, needs: [one] }
    - { id: two, adapter: b, retry: none, needs: [one], input: "${ steps.one.output }" }
    - { id: three, adapter: c, compensation: undo-it, needs: [two] }
    - { id: four, adapter: b, retry: none, needs: [three] }
"#,
        r#"
        start {}
        one ok 1
        side ok 7
        two ok 2
        three ok 3
        replay nowhere
        replay two
        two ok 4
        three ok 5
        four fails http.422 permanent
        three ok {}
        replay four
        "#,
        TAKEN,
    );
}
