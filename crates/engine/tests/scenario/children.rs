//! Child workflows.

use crate::check;

#[test]
fn a_child_ends_its_step() {
    check(
        r#"
  output: "${ steps.c.output }"
  steps:
    - { id: c, workflow: kid, input: { n: 1 } }
"#,
        r#"
        start {}
        child ok {"x": 1}
        child ok {"x": 2}
        "#,
        r#"
        - start {}
        instance-started
        step-started c
        > start kid {"n":1}
        - child ok {"x": 1}
        step-completed c {"x":1}
        lane-ended root completed
        instance-completed
        - child ok {"x": 2}
        result-ignored c: the step does not wait for this child
        = completed {"x":1}
        "#,
    );
}

#[test]
fn a_retried_child_is_a_new_child() {
    check(
        r#"
  steps:
    - { id: c, workflow: kid, retry: { max-attempts: 2, initial-interval: 1s, jitter: none } }
"#,
        r#"
        start {}
        child fails bad
        clock +1000
        child fails bad
        "#,
        r#"
        - start {}
        instance-started
        step-started c
        > start kid {}
        - child fails bad
        attempt-failed c bad
        retry-scheduled c #2 at 2000
        - clock +1000
        attempt-started c #2
        > start kid {}
        - child fails bad
        attempt-failed c bad
        step-failed c bad fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (bad)
        "#,
    );
}

#[test]
fn a_cancelled_parent_waits_for_its_childs_cancel() {
    check(
        r#"
  steps:
    - { id: c, workflow: kid }
"#,
        r#"
        start {}
        cancel
        child cancelled
        "#,
        r#"
        - start {}
        instance-started
        step-started c
        > start kid {}
        - cancel
        cancel-requested
        lane-closing 0 cancelled
        > cancel child
        - child cancelled
        attempt-failed c child.cancelled
        step-cancelled c
        lane-ended root cancelled
        instance-cancelled
        = cancelled
        "#,
    );
}

#[test]
fn a_completed_child_is_undone_by_its_own_saga() {
    check(
        r#"
  on-failure: compensate
  steps:
    - { id: c, workflow: kid }
    - { id: bad, adapter: a, retry: none }
"#,
        r#"
        start {}
        child ok 1
        bad fails x permanent
        child undone
        "#,
        r#"
        - start {}
        instance-started
        step-started c
        > start kid {}
        - child ok 1
        step-completed c 1
        step-scheduled bad
        > call a bad/1 {}
        - bad fails x permanent
        attempt-failed bad x
        step-failed bad x fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-scheduled c
        > undo child
        - child undone
        compensation-ended c done
        lane-compensated 0
        instance-compensated
        = compensated (x)
        "#,
    );
}

#[test]
fn a_detached_child_is_not_awaited() {
    check(
        r#"
  steps:
    - { id: c, workflow: kid, detach: true }
"#,
        r#"
        start {}
        "#,
        r#"
        - start {}
        instance-started
        step-started c
        step-completed c {"workflow_id":"00000000-03e8-763c-be1e-459320dd761c"}
        lane-ended root completed
        instance-completed
        > start kid {}
        = completed
        "#,
    );
}

/// The parent's slot is the last three digits of its id.
#[test]
fn a_child_runs_where_its_step_says() {
    check(
        r#"
  steps:
    - { id: c, workflow: kid, detach: true, placement: near }
"#,
        r#"
        start {}
        "#,
        r#"
        - start {}
        instance-started
        step-started c
        step-completed c {"workflow_id":"00000000-03e8-763c-be1e-459320dd7007"}
        lane-ended root completed
        instance-completed
        > start kid {}
        = completed
        "#,
    );
}

#[test]
fn a_workflow_undoes_a_step() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: { workflow: kid } }
    - { id: two, adapter: a, retry: none }
"#,
        r#"
        start {}
        one ok 1
        two fails bad permanent
        child fails oops
        decide retry
        child ok 1
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one ok 1
        step-completed one 1
        step-scheduled two
        > call a two/1 {}
        - two fails bad permanent
        attempt-failed two bad
        step-failed two bad fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-scheduled one
        > start kid {"input":{},"output":1}
        - child fails oops
        attempt-failed one oops
        dead-lettered one / oops (0)
        decision-requested one
        - decide retry
        decision-made retry by ann
        step-rescheduled one generation 2 #1
        > start kid {"input":{},"output":1}
        - child ok 1
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (bad)
        "#,
    );
}

#[test]
fn a_child_that_is_asked_to_undo_itself_again_tells_its_parent_once_it_has() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo }
"#,
        r#"
        start {}
        compensate
        one ok {"id": 1}
        compensate
        compensate
        one ok null
        compensate
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - compensate
        refused: nothing to do: the instance is still open
        - one ok {"id": 1}
        step-completed one {"id":1}
        lane-ended root completed
        instance-completed
        - compensate
        compensation-requested
        compensation-started 0+1
        compensation-scheduled one
        > call a/undo one/1/compensate@2 {"input":{},"output":{"id":1}}
        - compensate
        result-ignored one: it is undoing itself already
        - one ok null
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        - compensate
        result-ignored one: it has undone itself before; its parent is told again
        = compensated
        "#,
    );
}
