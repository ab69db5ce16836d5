//! Roll-back.

use crate::check;

#[test]
fn completed_steps_are_undone_in_reverse_order() {
    check(
        r#"
  finally: [{ id: last, adapter: c }]
  steps:
    - { id: one, adapter: a, compensation: { adapter: undo, action: one, input: { id: "${ steps.one.output.id }" } } }
    - { id: two, adapter: a, compensation: undo }
    - { id: three, adapter: a, retry: none }
"#,
        r#"
        start {"i": 1}
        one ok {"id": 1}
        two ok {"id": 2}
        three fails http.422 permanent
        two ok null
        one ok null
        last ok null
        "#,
        r#"
        - start {"i": 1}
        instance-started
        step-scheduled one
        > call a one/1 {"i":1}
        - one ok {"id": 1}
        step-completed one {"id":1}
        step-scheduled two
        > call a two/1 {"i":1}
        - two ok {"id": 2}
        step-completed two {"id":2}
        step-scheduled three
        > call a three/1 {"i":1}
        - three fails http.422 permanent
        attempt-failed three http.422
        step-failed three http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-scheduled two
        > call a/undo two/1/compensate {"input":{"i":1},"output":{"id":2}}
        - two ok null
        compensation-ended two done
        compensation-scheduled one
        > call undo/one one/1/compensate {"id":1}
        - one ok null
        compensation-ended one done
        lane-compensated 0
        finally-started
        step-scheduled last
        > call c last/1 {"i":1}
        - last ok null
        step-completed last null
        lane-ended 1 completed
        instance-compensated
        = compensated (http.422)
        "#,
    );
}

#[test]
fn an_unknown_outcome_is_undone_too() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, retry: none, compensation: undo }
"#,
        r#"
        start {}
        one fails timeout unknown
        one ok null
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails timeout unknown
        attempt-failed one timeout
        step-failed one timeout fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-scheduled one
        > call a/undo one/1/compensate {"input":{},"output":null,"outcome":"unknown"}
        - one ok null
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (timeout)
        "#,
    );
}

#[test]
fn verify_says_whether_there_is_something_to_undo() {
    check(
        r#"
  steps:
    - id: p
      parallel:
        - - { id: one, adapter: a, retry: none, compensation: { adapter: undo, verify: { adapter: b, action: look } } }
        - - { id: two, adapter: a, retry: none, compensation: { adapter: undo, verify: { adapter: b, action: look } } }
"#,
        r#"
        start {}
        one fails timeout unknown
        two fails timeout unknown
        one ok {"found": true, "output": {"id": 9}}
        two ok {"found": false}
        one ok null
        "#,
        r#"
        - start {}
        instance-started
        step-started p
        lanes-opened p 0..2
        step-scheduled p[0]/one
        step-scheduled p[1]/two
        > call a p[0]/one/1 {}
        > call a p[1]/two/1 {}
        - one fails timeout unknown
        attempt-failed p[0]/one timeout
        step-failed p[0]/one timeout fails
        lane-closing 1 failed
        lane-ended 1 failed
        lane-closing 2 cancelled
        step-failed p timeout fails
        instance-failing
        lane-closing 0 failed
        - two fails timeout unknown
        attempt-failed p[1]/two timeout
        step-cancelled p[1]/two
        lane-ended 2 cancelled
        lane-ended root failed
        compensation-started 0+1
        compensation-started 1+1
        compensation-started 2+1
        compensation-scheduled p[0]/one
        compensation-scheduled p[1]/two
        > call b/look p[0]/one/1/verify {"input":{},"output":null,"outcome":"unknown"}
        > call b/look p[1]/two/1/verify {"input":{},"output":null,"outcome":"unknown"}
        - one ok {"found": true, "output": {"id": 9}}
        compensation-ended p[0]/one found
        compensation-scheduled p[0]/one
        > call undo p[0]/one/1/compensate {"input":{},"output":{"id":9},"outcome":"unknown"}
        - two ok {"found": false}
        compensation-ended p[1]/two nothing
        lane-compensated 2
        - one ok null
        compensation-ended p[0]/one done
        lane-compensated 1
        compensation-ended p done
        lane-compensated 0
        instance-compensated
        = compensated (timeout)
        "#,
    );
}

#[test]
fn a_compensation_that_fails_for_good_is_a_decision() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: { adapter: undo, retry: { max-attempts: 2, initial-interval: 1s, jitter: none } } }
    - { id: two, adapter: a, retry: none }
"#,
        r#"
        start {}
        one ok 1
        two fails bad permanent
        one fails http.503
        clock +1000
        one fails http.503
        decide retry
        one ok null
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
        > call undo one/1/compensate {"input":{},"output":1}
        - one fails http.503
        attempt-failed one http.503
        retry-scheduled one #2 at 2000
        - clock +1000
        attempt-started one #2
        > call undo one/1/compensate {"input":{},"output":1}
        - one fails http.503
        attempt-failed one http.503
        dead-lettered one undo/ http.503 (0)
        decision-requested one
        - decide retry
        decision-made retry by ann
        step-rescheduled one generation 2 #1
        > call undo one/2/compensate {"input":{},"output":1}
        - one ok null
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (bad)
        "#,
    );
}

#[test]
fn a_person_leaves_a_compensation() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo }
    - { id: two, adapter: a, compensation: undo }
    - { id: three, adapter: a, retry: none }
"#,
        r#"
        start {}
        one ok 1
        two ok 2
        three fails bad permanent
        two fails http.422 permanent
        decide fail
        one ok null
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
        - two ok 2
        step-completed two 2
        step-scheduled three
        > call a three/1 {}
        - three fails bad permanent
        attempt-failed three bad
        step-failed three bad fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-scheduled two
        > call a/undo two/1/compensate {"input":{},"output":2}
        - two fails http.422 permanent
        attempt-failed two http.422
        dead-lettered two a/undo http.422 (0)
        decision-requested two
        - decide fail
        decision-made fail by ann
        compensation-ended two failed
        compensation-scheduled one
        > call a/undo one/1/compensate {"input":{},"output":1}
        - one ok null
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (bad)
        "#,
    );
}

#[test]
fn blocks_are_undone_from_the_inside() {
    check(
        r#"
  steps:
    - id: l
      for-each: "${ input }"
      concurrency: 1
      steps:
        - { id: x, adapter: a, compensation: undo }
    - { id: bad, adapter: b, retry: none }
"#,
        r#"
        start [1, 2]
        l[0]/x ok 1
        l[1]/x ok 2
        bad fails no permanent
        l[0]/x ok null
        l[1]/x ok null
        "#,
        r#"
        - start [1, 2]
        instance-started
        step-started l
        lanes-opened l 0..1
        step-scheduled l[0]/x
        > call a l[0]/x/1 [1,2]
        - l[0]/x ok 1
        step-completed l[0]/x 1
        lane-ended 1 completed
        lanes-opened l 1..2
        step-scheduled l[1]/x
        > call a l[1]/x/1 [1,2]
        - l[1]/x ok 2
        step-completed l[1]/x 2
        lane-ended 2 completed
        step-completed l [1,2]
        step-scheduled bad
        > call b bad/1 [1,2]
        - bad fails no permanent
        attempt-failed bad no
        step-failed bad no fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-started 1+1
        compensation-scheduled l[0]/x
        > call a/undo l[0]/x/1/compensate {"input":[1,2],"output":1}
        - l[0]/x ok null
        compensation-ended l[0]/x done
        lane-compensated 1
        compensation-started 2+1
        compensation-scheduled l[1]/x
        > call a/undo l[1]/x/1/compensate {"input":[1,2],"output":2}
        - l[1]/x ok null
        compensation-ended l[1]/x done
        lane-compensated 2
        compensation-ended l done
        lane-compensated 0
        instance-compensated
        = compensated (no)
        "#,
    );
}

#[test]
fn a_cancel_compensates_unless_told_not_to() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo }
    - { id: two, adapter: a }
"#,
        r#"
        start {}
        one ok 1
        cancel none
        two ok 2
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
        - cancel none
        cancel-requested
        lane-closing 0 cancelled
        - two ok 2
        step-completed two 2
        lane-ended root cancelled
        instance-cancelled
        = cancelled
        "#,
    );
}

#[test]
fn stop_leaves_things_as_they_are() {
    check(
        r#"
  on-failure: stop
  steps:
    - { id: one, adapter: a, compensation: undo }
    - { id: two, adapter: a, retry: none }
"#,
        r#"
        start {}
        one ok 1
        two fails bad permanent
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
        instance-failed
        = failed (bad)
        "#,
    );
}
