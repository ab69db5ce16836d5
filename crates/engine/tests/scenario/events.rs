//! Events that steps publish and wait for, and deadlines.

use crate::check;
use crate::harness::check_under;

#[test]
fn a_step_publishes_an_event_and_ends() {
    check(
        r#"
  subject: "${ input.who }"
  output: "${ steps.tell.output.type }"
  steps:
    - { id: tell, emit: { type: order.placed, data: { n: "${ input.n }" } } }
    - { id: other, emit: { type: order.seen, subject: "${ input.who + '!' }" } }
"#,
        r#"start {"who": "ada", "n": 3}"#,
        r#"
        - start {"who": "ada", "n": 3}
        instance-started
        event-emitted tell order.placed
        step-completed tell {"id":"00000000-03e8-763c-be1e-459320dd7007","source":"/workflows/w","subject":"ada","type":"order.placed"}
        event-emitted other order.seen
        step-completed other {"id":"00000000-03e8-7044-83cd-7f43c661c007","source":"/workflows/w","subject":"ada!","type":"order.seen"}
        lane-ended root completed
        instance-completed
        > emit order.placed "ada" {"n":3}
        > emit order.seen "ada!" null
        = completed "order.placed"
        "#,
    );
}

#[test]
fn data_that_does_not_fit_its_type_is_not_published() {
    check_under(
        r#"
events:
  - type: order.placed
    schema: { type: object, required: [n] }
"#,
        r#"
  steps:
    - { id: tell, emit: { type: order.placed, data: {} } }
"#,
        "start {}",
        r#"
        - start {}
        instance-started
        step-failed tell validation fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (validation)
        "#,
    );
}

#[test]
fn a_deadline_tells_once_and_ends_nothing() {
    check(
        r#"
  subject: ada
  deadlines:
    - { after: 2s, emit: { type: late, data: "${ input.n }" } }
    - { after: 5s, emit: { type: later } }
  steps: [{ id: one, adapter: a }]
"#,
        r#"
        start {"n": 3}
        clock +2000
        one fails gone permanent
        clock +9000
        retry
        clock +1
        "#,
        r#"
        - start {"n": 3}
        instance-started
        step-scheduled one
        > call a one/1 {"n":3}
        - clock +2000
        deadline-passed late
        > emit late "ada" 3
        - one fails gone permanent
        attempt-failed one gone
        step-failed one gone fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        - clock +9000
        refused: nothing to do: the timer no longer fits the state
        - retry
        instance-retried
        step-scheduled one
        > call a one/2 {"n":3}
        - clock +1
        deadline-passed later
        > emit later "ada" null
        = running
        "#,
    );
}

const WAIT: &str = r#"
  subject: "${ input.who }"
  output: "${ steps.paid.output.amount }"
  steps:
    - id: paid
      wait: { event: { type: paid, when: "event.amount > trigger.event.least && meta.id != '0'" }, timeout: 5s }
"#;

#[test]
fn an_event_for_which_the_condition_holds_ends_the_wait() {
    check(
        WAIT,
        r#"
        start {"who": "ada", "least": 5}
        event 1 {"amount": 5}
        event 2 {"amounts": 7}
        event 0 {"amount": 7}
        event 3 {"amount": 7}
        event 4 {"amount": 8}
        "#,
        r#"
        - start {"who": "ada", "least": 5}
        instance-started
        event-awaited paid paid ada
        > wait paid ada
        - event 1 {"amount": 5}
        refused: nothing to do: the wait's condition does not hold
        - event 2 {"amounts": 7}
        refused: nothing to do: the wait's condition does not hold
        - event 0 {"amount": 7}
        refused: nothing to do: the wait's condition does not hold
        - event 3 {"amount": 7}
        event-met paid paid
        step-completed paid {"amount":7}
        lane-ended root completed
        instance-completed
        > withdraw paid ada
        - event 4 {"amount": 8}
        = completed 7
        "#,
    );
}

#[test]
fn no_event_in_time_fails_the_step() {
    check(
        WAIT,
        r#"
        start {"who": "ada", "least": 5}
        clock +5000
        "#,
        r#"
        - start {"who": "ada", "least": 5}
        instance-started
        event-awaited paid paid ada
        > wait paid ada
        - clock +5000
        step-failed paid wait.timeout fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        > withdraw paid ada
        = failed (wait.timeout)
        "#,
    );
}

#[test]
fn a_step_that_would_be_one_too_many_fails() {
    check(
        WAIT,
        r#"
        start {"who": "ada", "least": 5}
        too-many
        "#,
        r#"
        - start {"who": "ada", "least": 5}
        instance-started
        event-awaited paid paid ada
        > wait paid ada
        - too-many
        step-failed paid wait.limit fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        > withdraw paid ada
        = failed (wait.limit)
        "#,
    );
}

#[test]
fn all_that_wait_take_an_event_and_none_that_begins_later_does() {
    check(
        r#"
  subject: ada
  output: ["${ steps.a.output }", "${ steps.b.output }", "${ steps.again.output }"]
  steps:
    - id: both
      parallel:
        - [{ id: a, wait: { event: { type: paid } } }]
        - [{ id: b, wait: { event: { type: paid } } }]
    - { id: again, wait: { event: { type: paid } } }
"#,
        r#"
        start {}
        event 1 7
        event 1 7
        event 2 8
        "#,
        r#"
        - start {}
        instance-started
        step-started both
        lanes-opened both 0..2
        event-awaited both[0]/a paid ada
        event-awaited both[1]/b paid ada
        > wait paid ada
        > wait paid ada
        - event 1 7
        event-met both[0]/a paid
        step-completed both[0]/a 7
        lane-ended 1 completed
        > withdraw paid ada
        event-met both[1]/b paid
        step-completed both[1]/b 7
        lane-ended 2 completed
        step-completed both [7,7]
        event-awaited again paid ada
        > withdraw paid ada
        > wait paid ada
        - event 1 7
        refused: nothing to do: the instance took that event before
        - event 2 8
        event-met again paid
        step-completed again 8
        lane-ended root completed
        instance-completed
        > withdraw paid ada
        = completed [7,7,8]
        "#,
    );
}

#[test]
fn a_wait_is_placed_anew_when_its_instance_is_restored_and_takes_the_event_again() {
    check(
        r#"
  subject: ada
  steps:
    - { id: paid, wait: { event: { type: paid, key: "${ 'k' }" } } }
    - { id: one, adapter: a }
"#,
        r#"
        start {}
        event 1 7
        restore 2
        event 1 7
        "#,
        r#"
        - start {}
        instance-started
        event-awaited paid paid k
        > wait paid k
        - event 1 7
        event-met paid paid
        step-completed paid 7
        step-scheduled one
        > call a one/1 {}
        > withdraw paid k
        - restore 2
        instance-restored
        event-awaited paid paid k
        > wait paid k
        - event 1 7
        event-met paid paid
        step-completed paid 7
        step-scheduled one
        > call a one/2 {}
        > withdraw paid k
        = running
        "#,
    );
}
