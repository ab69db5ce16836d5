//! MAN Mode: what waits for people, what goes on meanwhile, and what their answers do.

use crate::check;
use crate::harness::check_under;

const POLICIES: &str = r#"
environments: { test: { man-mode-threshold: high } }
policies:
  risk: [{ name: large, when: call.amount > 1000, level: high }]
  man-mode:
    - { name: vip, when: call.vip, approvers: [role:vip], four-eyes: true }
    - { name: wipes, when: call.wipe, effect: block }
    - { name: looks, when: call.look, effect: audit }
"#;

/// Gated at `pay`; `log` does not depend on it, `mail` does.
const ISOLATED: &str = r#"
  steps:
    - { id: pay, adapter: a, input: { n: "${ input.n }" }, man-mode: true, isolate: true }
    - { id: log, adapter: b, input: 1 }
    - { id: mail, adapter: c, input: "${ steps.pay.output }" }
"#;

#[test]
fn what_does_not_depend_on_the_decision_goes_on() {
    check(
        ISOLATED,
        r#"
        start {"n": 7}
        log ok 2
        decide approve
        pay ok "paid"
        mail ok
        "#,
        r#"
        - start {"n": 7}
        instance-started
        decision-requested pay approval: the step says so
        step-scheduled log
        > call b log/1 1
        - log ok 2
        step-completed log 2
        - decide approve
        decision-made approve by ann
        step-scheduled pay
        > call a pay/1 {"n":7}
        - pay ok "paid"
        step-completed pay "paid"
        step-scheduled mail
        > call c mail/1 "paid"
        - mail ok
        step-completed mail null
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_rejection_fails_the_step_and_can_be_caught() {
    check(
        r#"
  steps:
    - { id: pay, adapter: a, man-mode: true, catch: [{ error: "decision.*", steps: [{ id: tell, adapter: b, input: "${ error.message }" }] }] }
"#,
        r#"
        start 1
        decide reject too dear
        decide approve
        tell ok
        "#,
        r#"
        - start 1
        instance-started
        decision-requested pay approval: the step says so
        - decide reject too dear
        decision-made reject by ann
        step-failed pay decision.rejected caught
        lanes-opened pay 0..1
        step-scheduled pay[0]/tell
        > call b pay[0]/tell/1 "ann rejected it: too dear"
        - decide approve
        refused: expected a pending decision, but it was already made
        - tell ok
        step-completed pay[0]/tell null
        lane-ended 1 completed
        catch-completed pay null
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn an_amended_input_must_fit_the_form_and_is_what_runs() {
    check(
        r#"
  steps:
    - id: pay
      adapter: a
      man-mode: { always: true, comment: required, form: { type: object, required: [n], properties: { n: { type: integer, maximum: 10 } } } }
"#,
        r#"
        start {"n": 70}
        decide amend less {"n": 11}
        decide amend {"n": 9}
        decide amend less {"n": 9}
        pay ok
        "#,
        r#"
        - start {"n": 70}
        instance-started
        decision-requested pay approval: the step says so
        - decide amend less {"n": 11}
        refused: the data does not fit the decision's form
        - decide amend {"n": 9}
        refused: expected a comment with the answer, but there is none
        - decide amend less {"n": 9}
        decision-made amend by ann
        step-scheduled pay
        > call a pay/1 {"n":9}
        - pay ok
        step-completed pay null
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_quorum_needs_different_people_and_the_first_data_stands() {
    check(
        r#"
  steps:
    - { id: pay, adapter: a, man-mode: { always: true, quorum: 2, approvers: [user:ann, role:finance] } }
"#,
        r#"
        start {"n": 1}
        answer carl+sales approve
        answer ann amend {"n": 2}
        answer ann approve
        answer bob+finance approve {"n": 3}
        answer bob+finance approve
        pay ok
        "#,
        r#"
        - start {"n": 1}
        instance-started
        decision-requested pay approval: the step says so
        - answer carl+sales approve
        refused: expected one of user:ann, role:finance to answer, but carl is not among them
        - answer ann amend {"n": 2}
        decision-answered amend by ann
        - answer ann approve
        refused: expected another person to agree, but ann has already answered
        - answer bob+finance approve {"n": 3}
        refused: expected the data of the first approval to be confirmed, but got other data
        - answer bob+finance approve
        decision-made amend by bob
        step-scheduled pay
        > call a pay/1 {"n":2}
        - pay ok
        step-completed pay null
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

/// Opts out of the threshold.
const ONE: &str = r#"
  steps: [{ id: pay, adapter: a, man-mode: false }]
"#;

#[test]
fn a_policy_requires_an_approval_of_two_people() {
    check_under(
        POLICIES,
        ONE,
        r#"
        start {"vip": true}
        answer ann+vip approve
        answer bob approve
        answer bob+vip approve
        pay ok
        "#,
        r#"
        - start {"vip": true}
        instance-started
        decision-requested pay approval: policy vip requires it
        - answer ann+vip approve
        refused: expected a second person to approve, but ann started the instance
        - answer bob approve
        refused: expected one of role:vip to answer, but bob is not among them
        - answer bob+vip approve
        decision-made approve by bob
        step-scheduled pay
        > call a pay/1 {"vip":true}
        - pay ok
        step-completed pay null
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_policy_blocks() {
    check_under(
        POLICIES,
        ONE,
        "start {\"wipe\": true}",
        r#"
        - start {"wipe": true}
        instance-started
        step-failed pay policy.blocked fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (policy.blocked)
        "#,
    );
}

#[test]
fn a_policy_audits_and_a_step_may_opt_out_of_the_threshold() {
    check_under(
        POLICIES,
        ONE,
        r#"
        start {"look": true, "amount": 5000}
        pay ok
        "#,
        r#"
        - start {"look": true, "amount": 5000}
        instance-started
        step-audited pay: policy looks audits it
        step-scheduled pay
        > call a pay/1 {"amount":5000,"look":true}
        - pay ok
        step-completed pay null
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn the_threshold_of_the_environment_asks() {
    check_under(
        POLICIES,
        "\n  steps: [{ id: pay, adapter: a }]\n",
        "start {\"amount\": 5000}",
        r#"
        - start {"amount": 5000}
        instance-started
        decision-requested pay approval: risk high reaches the environment's threshold high
        = waiting
        "#,
    );
}

#[test]
fn the_end_of_the_time_rejects_approves_or_waits_on() {
    let asks = |on_timeout: &str| {
        format!(
            "\n  steps:\n    - id: pay\n      adapter: a\n      man-mode: {{ always: true, timeout: 1s, on-timeout: {on_timeout} }}\n"
        )
    };
    check(
        &asks("reject"),
        "start 1\nclock +1000\ndecide approve",
        r#"
        - start 1
        instance-started
        decision-requested pay approval: the step says so
        - clock +1000
        decision-made expire by the time
        step-failed pay decision.expired fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        - decide approve
        refused: expected a pending decision, but it was already made
        = failed (decision.expired)
        "#,
    );
    check(
        &asks("approve"),
        "start 1\nclock +1000\npay ok",
        r#"
        - start 1
        instance-started
        decision-requested pay approval: the step says so
        - clock +1000
        decision-made approve by the time
        step-scheduled pay
        > call a pay/1 1
        - pay ok
        step-completed pay null
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
    check(
        &asks("pause"),
        "start 1\nclock +5000\ndecide approve\npay ok",
        r#"
        - start 1
        instance-started
        decision-requested pay approval: the step says so
        - clock +5000
        decision-overdue
        - decide approve
        decision-made approve by ann
        step-scheduled pay
        > call a pay/1 1
        - pay ok
        step-completed pay null
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn an_escalation_asks_others_for_the_same_time_and_then_rejects() {
    let workflow = r#"
  steps:
    - id: ask
      decision: { prompt: "ok?", approvers: [user:ann], timeout: 1s, on-timeout: escalate, escalate-to: [role:board], reminders: [300ms, 2s] }
"#;
    check(
        workflow,
        r#"
        start 1
        clock +1000
        answer ann approve
        answer dora+board approve fine {"x": 1}
        "#,
        r#"
        - start 1
        instance-started
        decision-requested ask question:
        - clock +1000
        decision-reminded #1
        decision-escalated to role:board
        - answer ann approve
        refused: expected one of role:board to answer, but ann is not among them
        - answer dora+board approve fine {"x": 1}
        decision-made approve by dora
        step-completed ask {"at":"1970-01-01T00:00:02.000Z","by":"dora","comment":"fine","data":{"x":1},"outcome":"approved"}
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
    check(
        workflow,
        "start 1\nclock +2000",
        r#"
        - start 1
        instance-started
        decision-requested ask question:
        - clock +2000
        decision-reminded #1
        decision-escalated to role:board
        decision-made expire by the time
        step-completed ask {"at":"1970-01-01T00:00:03.000Z","by":null,"comment":"the time was over","data":null,"outcome":"expired"}
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_decision_is_handed_on_once() {
    check(
        r#"
  steps:
    - { id: ask, decision: { approvers: [user:ann], delegate: true, on-reject: fail } }
"#,
        r#"
        start 1
        delegate eve user:eve
        delegate ann user:ann
        delegate ann user:bob
        delegate ann user:carl
        answer ann approve
        answer bob reject no
        "#,
        r#"
        - start 1
        instance-started
        decision-requested ask question:
        - delegate eve user:eve
        refused: expected user:NAME or role:NAME of somebody else, but got "user:eve"
        - delegate ann user:ann
        refused: expected user:NAME or role:NAME of somebody else, but got "user:ann"
        - delegate ann user:bob
        decision-delegated by ann to user:bob
        - delegate ann user:carl
        refused: expected user:bob, to whom it was handed on, to answer, but ann is not among them
        - answer ann approve
        refused: expected user:bob, to whom it was handed on, to answer, but ann is not among them
        - answer bob reject no
        decision-made reject by bob
        step-failed ask decision.rejected fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (decision.rejected)
        "#,
    );
}

#[test]
fn notices_are_calls_that_are_retried_and_end_with_the_decision() {
    check(
        r#"
  steps:
    - id: ask
      decision:
        prompt: "ok?"
        reminders: [10s]
        notify: [{ adapter: b, input: { text: "${ decision.prompt } ${ decision.approve-url }" } }, { adapter: nowhere }]
"#,
        r#"
        start 1
        notice fails http.503
        clock +1000
        notice ok
        clock +10000
        answer link:1 approve
        answer link:1 approve
        notice ok
        "#,
        r#"
        - start 1
        instance-started
        decision-requested ask question:
        notice-scheduled ask
        notice-scheduled ask
        notice-ended ask adapter.unknown
        > call b ask/notify/1 {"text":"ok? {{orchestrator-decision/00000000-03e8-763c-be1e-459320dd7007/1/approve}}"}
        - notice fails http.503
        attempt-failed ask http.503
        retry-scheduled ask #2 at 1451
        - clock +1000
        attempt-started ask #2
        > call b ask/notify/1 {"text":"ok? {{orchestrator-decision/00000000-03e8-763c-be1e-459320dd7007/1/approve}}"}
        - notice ok
        notice-ended ask
        - clock +10000
        decision-reminded #1
        notice-scheduled ask
        notice-scheduled ask
        notice-ended ask adapter.unknown
        > call b ask/notify/3 {"text":"ok? {{orchestrator-decision/00000000-03e8-763c-be1e-459320dd7007/1/approve}}"}
        - answer link:1 approve
        decision-made approve by link:1
        step-completed ask {"at":"1970-01-01T00:00:12.000Z","by":"link:1","comment":"","data":null,"outcome":"approved"}
        lane-ended root completed
        instance-completed
        - answer link:1 approve
        refused: expected a pending decision, but it was already made
        - notice ok
        result-ignored ask: nobody waits for this notice any more
        = completed
        "#,
    );
}
