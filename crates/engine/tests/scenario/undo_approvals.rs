//! Undos that wait for a person.

use crate::harness::check_under;

const POLICIES: &str = r#"
environments: { test: { man-mode-threshold: high } }
policies:
  man-mode:
    - { name: refunds, when: "action == 'refund'", approvers: [role:finance] }
    - { name: wipes, when: "action == 'wipe'", effect: block }
"#;

/// `two` is undone by a refund, and before `one`.
const REFUNDED: &str = r#"
  steps:
    - { id: one, adapter: a, compensation: { adapter: undo } }
    - { id: two, adapter: a, compensation: { adapter: b, action: refund, input: { n: "${ steps.two.output }" } } }
    - { id: three, adapter: c, retry: none }
"#;

#[test]
fn an_undo_that_needs_an_approval_waits_and_holds_back_what_is_undone_after_it() {
    check_under(
        POLICIES,
        REFUNDED,
        r#"
        start {}
        one ok 1
        two ok 2
        three fails http.422 permanent
        answer bob approve
        answer bob+finance approve
        two ok
        one ok
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
        > call c three/1 {}
        - three fails http.422 permanent
        attempt-failed three http.422
        step-failed three http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        decision-requested two compensation-approval: policy refunds requires it
        - answer bob approve
        refused: expected one of role:finance to answer, but bob is not among them
        - answer bob+finance approve
        decision-made approve by bob
        compensation-scheduled two
        > call b/refund two/1/compensate {"n":2}
        - two ok
        compensation-ended two done
        compensation-scheduled one
        > call undo one/1/compensate {"input":{},"output":1}
        - one ok
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (http.422)
        "#,
    );
}

#[test]
fn an_amended_undo_runs_with_the_other_input() {
    check_under(
        POLICIES,
        REFUNDED,
        r#"
        start {}
        one ok 1
        two ok 2
        three fails http.422 permanent
        answer bob+finance amend {"n": 1}
        two fails http.503 unknown
        clock +60000
        two ok
        one ok
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
        > call c three/1 {}
        - three fails http.422 permanent
        attempt-failed three http.422
        step-failed three http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        decision-requested two compensation-approval: policy refunds requires it
        - answer bob+finance amend {"n": 1}
        decision-made amend by bob
        compensation-scheduled two
        > call b/refund two/1/compensate {"n":1}
        - two fails http.503 unknown
        attempt-failed two http.503
        retry-scheduled two #2 at 1451
        - clock +60000
        attempt-started two #2
        > call b/refund two/1/compensate {"n":1}
        - two ok
        compensation-ended two done
        compensation-scheduled one
        > call undo one/1/compensate {"input":{},"output":1}
        - one ok
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (http.422)
        "#,
    );
}

#[test]
fn a_rejected_undo_is_a_failed_one_and_trying_it_again_asks_again() {
    check_under(
        POLICIES,
        REFUNDED,
        r#"
        start {}
        one ok 1
        two ok 2
        three fails http.422 permanent
        answer bob+finance reject too dear
        decide retry
        answer bob+finance reject
        decide done
        one ok
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
        > call c three/1 {}
        - three fails http.422 permanent
        attempt-failed three http.422
        step-failed three http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        decision-requested two compensation-approval: policy refunds requires it
        - answer bob+finance reject too dear
        decision-made reject by bob
        dead-lettered two b/refund decision.rejected (0)
        decision-requested two
        - decide retry
        decision-made retry by ann
        step-rescheduled two generation 2 #0
        decision-requested two compensation-approval: policy refunds requires it
        - answer bob+finance reject
        decision-made reject by bob
        dead-lettered two b/refund decision.rejected (0)
        decision-requested two
        - decide done
        decision-made done by ann
        compensation-ended two done
        compensation-scheduled one
        > call undo one/1/compensate {"input":{},"output":1}
        - one ok
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (http.422)
        "#,
    );
}

/// What happens where one of two lanes waits before its undo.
const ONE_LANE_WAITS: &str = r#"
        - start {}
        instance-started
        step-started p
        lanes-opened p 0..2
        step-scheduled p[0]/l1
        step-scheduled p[1]/r1
        > call a p[0]/l1/1 {}
        > call a p[1]/r1/1 {}
        - l1 ok
        step-completed p[0]/l1 null
        step-scheduled p[0]/l2
        > call a p[0]/l2/1 {}
        - l2 ok
        step-completed p[0]/l2 null
        lane-ended 1 completed
        - r1 ok
        step-completed p[1]/r1 null
        lane-ended 2 completed
        step-completed p {"l":null,"r":null}
        step-scheduled last
        > call c last/1 {}
        - last fails http.422 permanent
        attempt-failed last http.422
        step-failed last http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-started 1+1
        compensation-started 2+1
        decision-requested p[0]/l2 compensation-approval: policy refunds requires it
        compensation-scheduled p[1]/r1
        > call undo p[1]/r1/1/compensate {"input":{},"output":null}
        - r1 ok
        compensation-ended p[1]/r1 done
        lane-compensated 2
        - answer bob+finance approve
        decision-made approve by bob
        compensation-scheduled p[0]/l2
        > call b/refund p[0]/l2/1/compensate {"input":{},"output":null}
        - l2 ok
        compensation-ended p[0]/l2 done
        compensation-scheduled p[0]/l1
        > call undo p[0]/l1/1/compensate {"input":{},"output":null}
        - l1 ok
        compensation-ended p[0]/l1 done
        lane-compensated 1
        compensation-ended p done
        lane-compensated 0
        instance-compensated
        = compensated (http.422)
        "#;

#[test]
fn only_the_lane_of_the_undo_waits() {
    check_under(
        POLICIES,
        r#"
  steps:
    - id: p
      parallel:
        l: [{ id: l1, adapter: a, compensation: { adapter: undo } }, { id: l2, adapter: a, compensation: { adapter: b, action: refund } }]
        r: [{ id: r1, adapter: a, compensation: { adapter: undo } }]
    - { id: last, adapter: c, retry: none }
"#,
        r#"
        start {}
        l1 ok
        l2 ok
        r1 ok
        last fails http.422 permanent
        r1 ok
        answer bob+finance approve
        l2 ok
        l1 ok
        "#,
        ONE_LANE_WAITS,
    );
}

#[test]
fn a_blocked_undo_fails_and_a_step_that_opts_out_does_not_opt_its_undo_out() {
    check_under(
        POLICIES,
        r#"
  steps:
    - { id: one, adapter: a, man-mode: false, compensation: { adapter: b, action: refund } }
    - { id: two, adapter: a, man-mode: true, compensation: { adapter: b, action: wipe } }
    - { id: three, adapter: c, retry: none }
"#,
        r#"
        start {}
        one ok 1
        decide approve
        two ok 2
        three fails http.422 permanent
        decide skip
        answer bob+finance approve
        one ok
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one ok 1
        step-completed one 1
        decision-requested two approval: the step says so
        - decide approve
        decision-made approve by ann
        step-scheduled two
        > call a two/1 {}
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
        dead-lettered two b/wipe policy.blocked (0)
        decision-requested two
        - decide skip
        decision-made skip by ann
        compensation-ended two skipped
        decision-requested one compensation-approval: policy refunds requires it
        - answer bob+finance approve
        decision-made approve by bob
        compensation-scheduled one
        > call b/refund one/1/compensate {"input":{},"output":1}
        - one ok
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (http.422)
        "#,
    );
}

#[test]
fn what_verify_found_waits_too_and_a_pause_does_not_lose_it() {
    check_under(
        POLICIES,
        r#"
  steps:
    - { id: one, adapter: a, retry: none, compensation: { adapter: b, action: refund, verify: { adapter: c } } }
"#,
        r#"
        start {}
        one fails timeout unknown
        one ok {"found": true, "output": 9}
        pause
        answer bob+finance approve
        resume
        one ok
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
        > call c one/1/verify {"input":{},"output":null,"outcome":"unknown"}
        - one ok {"found": true, "output": 9}
        compensation-ended one found
        decision-requested one compensation-approval: policy refunds requires it
        - pause
        instance-paused
        - answer bob+finance approve
        decision-made approve by bob
        - resume
        instance-resumed
        compensation-scheduled one
        > call b/refund one/1/compensate {"input":{},"output":9,"outcome":"unknown"}
        - one ok
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (timeout)
        "#,
    );
}
