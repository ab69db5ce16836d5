//! Waiting for signals.

use crate::check;

#[test]
fn a_signal_that_comes_during_the_wait_ends_it() {
    check(
        r#"
  output: "${ steps.paid.output.amount }"
  steps:
    - { id: paid, wait: { signal: paid } }
    - { id: one, adapter: a, input: "${ steps.paid.output }" }
"#,
        r#"
        start {}
        signal other {"x": 1}
        signal paid {"amount": 7}
        one ok 1
        "#,
        r#"
        - start {}
        instance-started
        signal-awaited paid paid
        - signal other {"x": 1}
        signal-received other
        - signal paid {"amount": 7}
        signal-received paid
        signal-taken paid paid
        step-completed paid {"amount":7}
        step-scheduled one
        > call a one/1 {"amount":7}
        - one ok 1
        step-completed one 1
        lane-ended root completed
        instance-completed
        = completed 7
        "#,
    );
}

#[test]
fn early_signals_are_kept_and_taken_in_order_each_by_one_wait() {
    check(
        r#"
  output: ["${ steps.first.output }", "${ steps.second.output }"]
  steps:
    - { id: one, adapter: a }
    - { id: first, wait: { signal: go } }
    - { id: second, wait: { signal: go } }
"#,
        r#"
        start {}
        signal go 1
        signal go 2
        signal go 3
        one ok 0
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - signal go 1
        signal-received go
        - signal go 2
        signal-received go
        - signal go 3
        signal-received go
        - one ok 0
        step-completed one 0
        signal-taken first go
        step-completed first 1
        signal-taken second go
        step-completed second 2
        lane-ended root completed
        instance-completed
        = completed [1,2]
        "#,
    );
}

#[test]
fn of_several_waits_the_one_that_began_first_takes_the_signal() {
    check(
        r#"
  output: "${ steps.both.output }"
  steps:
    - id: both
      parallel:
        - [{ id: rest, wait: { for: 1s } }, { id: late, wait: { signal: go } }]
        - [{ id: early, wait: { signal: go } }]
"#,
        r#"
        start {}
        clock +1000
        signal go 1
        signal go 2
        "#,
        r#"
        - start {}
        instance-started
        step-started both
        lanes-opened both 0..2
        step-started both[0]/rest
        signal-awaited both[1]/early go
        - clock +1000
        step-completed both[0]/rest
        signal-awaited both[0]/late go
        - signal go 1
        signal-received go
        signal-taken both[1]/early go
        step-completed both[1]/early 1
        lane-ended 2 completed
        - signal go 2
        signal-received go
        signal-taken both[0]/late go
        step-completed both[0]/late 2
        lane-ended 1 completed
        step-completed both [2,1]
        lane-ended root completed
        instance-completed
        = completed [2,1]
        "#,
    );
}

#[test]
fn the_time_out_of_a_wait_is_an_error_that_a_catch_takes() {
    check(
        r#"
  output: "${ steps.paid.output }"
  steps:
    - id: paid
      wait: { signal: paid, timeout: 10s }
      catch: [{ error: wait.timeout, steps: [{ id: late, set: { late: "${ error.message }" } }] }]
"#,
        r#"
        start {}
        clock +9999
        clock +1
        "#,
        r#"
        - start {}
        instance-started
        signal-awaited paid paid until 11000
        - clock +9999
        - clock +1
        step-failed paid wait.timeout caught
        lanes-opened paid 0..1
        step-completed paid[0]/late {"late":"no signal paid came in time"}
        lane-ended 1 completed
        catch-completed paid {"late":"no signal paid came in time"}
        lane-ended root completed
        instance-completed
        = completed {"late":"no signal paid came in time"}
        "#,
    );
}

#[test]
fn a_wait_that_may_expire_goes_on_without_output() {
    check(
        r#"
  output: { expired: "${ steps.paid.expired }", output: "${ steps.paid.output }", in-time: "${ steps.quick.expired }" }
  steps:
    - { id: quick, wait: { signal: quick, timeout: 1h, on-timeout: continue } }
    - { id: paid, wait: { signal: "paid-${ input.n }", timeout: "${ input.patience }", on-timeout: continue } }
"#,
        r#"
        start {"n": 4, "patience": "2s"}
        signal quick
        clock +2000
        signal paid-4 {"late": true}
        "#,
        r#"
        - start {"n": 4, "patience": "2s"}
        instance-started
        signal-awaited quick quick until 3601000
        - signal quick
        signal-received quick
        signal-taken quick quick
        step-completed quick null
        signal-awaited paid paid-4 until 3000
        - clock +2000
        wait-expired paid
        step-completed paid
        lane-ended root completed
        instance-completed
        - signal paid-4 {"late": true}
        refused: expected an open instance, but it has already ended as completed
        = completed {"expired":true,"in-time":false,"output":null}
        "#,
    );
}

#[test]
fn the_same_key_delivers_once_even_after_the_end() {
    check(
        "\n  steps: [{ id: go, wait: { signal: go } }]\n",
        r#"
        start {}
        signal go#k 1
        signal go#k 1
        signal go#k 2
        "#,
        r#"
        - start {}
        instance-started
        signal-awaited go go
        - signal go#k 1
        signal-received go
        signal-taken go go
        step-completed go 1
        lane-ended root completed
        instance-completed
        - signal go#k 1
        refused: the signal came before, under the same idempotency key
        - signal go#k 2
        refused: the idempotency key was used before with another request
        = completed
        "#,
    );
}

#[test]
fn a_step_time_out_ends_a_wait_and_a_cancel_ends_it_as_well() {
    check(
        r#"
  steps:
    - { id: first, wait: { signal: go }, timeout: 5s, on-error: continue }
    - { id: second, wait: { for: 1h }, timeout: 5s, on-error: continue }
    - { id: third, wait: { signal: go } }
"#,
        r#"
        start {}
        clock +5000
        clock +5000
        cancel
        signal go
        "#,
        r#"
        - start {}
        instance-started
        signal-awaited first go
        - clock +5000
        step-failed first timeout continues
        step-started second
        - clock +5000
        step-failed second timeout continues
        signal-awaited third go
        - cancel
        cancel-requested
        lane-closing 0 cancelled
        lane-ended root cancelled
        instance-cancelled
        - signal go
        refused: expected an open instance, but it has already ended as cancelled
        = cancelled
        "#,
    );
}

#[test]
fn a_person_who_retries_a_wait_has_it_wait_anew() {
    check(
        r#"
  steps:
    - { id: go, wait: { signal: go, timeout: 5s }, on-error: man }
"#,
        r#"
        start {}
        clock +5000
        signal go 1
        decide retry
        "#,
        r#"
        - start {}
        instance-started
        signal-awaited go go until 6000
        - clock +5000
        decision-requested go
        - signal go 1
        signal-received go
        - decide retry
        decision-made retry by ann
        step-rescheduled go generation 2 #0
        signal-taken go go
        step-completed go 1
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_computed_name_that_no_signal_can_have_fails_the_step() {
    check(
        "\n  steps: [{ id: go, wait: { signal: \"${ input.name }\" } }]\n",
        r#"
        start {"name": ""}
        "#,
        r#"
        - start {"name": ""}
        instance-started
        step-failed go expression fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (expression)
        "#,
    );
}
