//! Branches, cases and groups.

use crate::check;

#[test]
fn all_branches_join() {
    check(
        r#"
  output: "${ steps.p.output.l + steps.p.output.r }"
  steps:
    - id: p
      parallel:
        l: [{ id: x, adapter: a }]
        r: [{ id: y, adapter: b }]
"#,
        r#"
        start {}
        y ok 2
        x ok 1
        "#,
        r#"
        - start {}
        instance-started
        step-started p
        lanes-opened p 0..2
        step-scheduled p[0]/x
        step-scheduled p[1]/y
        > call a p[0]/x/1 {}
        > call b p[1]/y/1 {}
        - y ok 2
        step-completed p[1]/y 2
        lane-ended 2 completed
        - x ok 1
        step-completed p[0]/x 1
        lane-ended 1 completed
        step-completed p {"l":1,"r":2}
        lane-ended root completed
        instance-completed
        = completed 3
        "#,
    );
}

#[test]
fn the_first_success_wins_and_losers_are_undone() {
    check(
        r#"
  output: "${ {'w': steps.p.winners, 'out': steps.p.output} }"
  steps:
    - id: p
      join: any
      parallel:
        - [{ id: x1, adapter: a, compensation: undo }, { id: x2, adapter: a }]
        - [{ id: y, adapter: b }]
    - { id: after, adapter: c }
"#,
        r#"
        start {}
        x1 ok 1
        y ok 2
        after ok 3
        x2 ok 4
        x1 ok null
        "#,
        r#"
        - start {}
        instance-started
        step-started p
        lanes-opened p 0..2
        step-scheduled p[0]/x1
        step-scheduled p[1]/y
        > call a p[0]/x1/1 {}
        > call b p[1]/y/1 {}
        - x1 ok 1
        step-completed p[0]/x1 1
        step-scheduled p[0]/x2
        > call a p[0]/x2/1 {}
        - y ok 2
        step-completed p[1]/y 2
        lane-ended 2 completed
        step-completed p [null,2]
        lane-closing 1 cancelled
        step-scheduled after
        > call c after/1 {}
        - after ok 3
        step-completed after 3
        lane-ended root completed
        - x2 ok 4
        step-completed p[0]/x2 4
        lane-ended 1 cancelled
        compensation-scheduled p[0]/x1
        > call a/undo p[0]/x1/1/compensate {"input":{},"output":1}
        - x1 ok null
        compensation-ended p[0]/x1 done
        lane-compensated 1
        instance-completed
        = completed {"out":[null,2],"w":[1]}
        "#,
    );
}

#[test]
fn kept_losers_stay_in_the_saga() {
    check(
        r#"
  steps:
    - id: p
      join: any
      losers: keep
      parallel:
        - [{ id: x, adapter: a, compensation: undo }]
        - [{ id: y, adapter: b }]
    - { id: after, adapter: c, retry: none }
"#,
        r#"
        start {}
        y ok 2
        x ok 1
        after fails bad permanent
        x ok null
        "#,
        r#"
        - start {}
        instance-started
        step-started p
        lanes-opened p 0..2
        step-scheduled p[0]/x
        step-scheduled p[1]/y
        > call a p[0]/x/1 {}
        > call b p[1]/y/1 {}
        - y ok 2
        step-completed p[1]/y 2
        lane-ended 2 completed
        step-completed p [null,2]
        lane-closing 1 cancelled
        step-scheduled after
        > call c after/1 {}
        - x ok 1
        step-completed p[0]/x 1
        lane-ended 1 cancelled
        - after fails bad permanent
        attempt-failed after bad
        step-failed after bad fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-started 1+1
        compensation-started 2+1
        compensation-scheduled p[0]/x
        lane-compensated 2
        > call a/undo p[0]/x/1/compensate {"input":{},"output":1}
        - x ok null
        compensation-ended p[0]/x done
        lane-compensated 1
        compensation-ended p done
        lane-compensated 0
        instance-compensated
        = compensated (bad)
        "#,
    );
}

#[test]
fn accept_counts_only_what_holds() {
    check(
        r#"
  steps:
    - id: p
      join: any
      accept: output.price < 10
      parallel:
        dear: [{ id: x, adapter: a }]
        cheap: [{ id: y, adapter: b }]
"#,
        r#"
        start {}
        x ok {"price": 20}
        y ok {"price": 5}
        "#,
        r#"
        - start {}
        instance-started
        step-started p
        lanes-opened p 0..2
        step-scheduled p[0]/y
        step-scheduled p[1]/x
        > call b p[0]/y/1 {}
        > call a p[1]/x/1 {}
        - x ok {"price": 20}
        step-completed p[1]/x {"price":20}
        lane-ended 2 completed
        - y ok {"price": 5}
        step-completed p[0]/y {"price":5}
        lane-ended 1 completed
        step-completed p {"cheap":{"price":5},"dear":null}
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_join_that_cannot_be_reached_fails() {
    check(
        r#"
  steps:
    - id: p
      join: 2
      parallel:
        - [{ id: x, adapter: a, retry: none }]
        - [{ id: y, adapter: b, retry: none }]
        - [{ id: z, adapter: c, retry: none }]
"#,
        r#"
        start {}
        x fails bad permanent
        y fails worse permanent
        z ok 1
        "#,
        r#"
        - start {}
        instance-started
        step-started p
        lanes-opened p 0..3
        step-scheduled p[0]/x
        step-scheduled p[1]/y
        step-scheduled p[2]/z
        > call a p[0]/x/1 {}
        > call b p[1]/y/1 {}
        > call c p[2]/z/1 {}
        - x fails bad permanent
        attempt-failed p[0]/x bad
        step-failed p[0]/x bad fails
        lane-closing 1 failed
        lane-ended 1 failed
        - y fails worse permanent
        attempt-failed p[1]/y worse
        step-failed p[1]/y worse fails
        lane-closing 2 failed
        lane-ended 2 failed
        lane-closing 3 cancelled
        step-failed p bad fails
        instance-failing
        lane-closing 0 failed
        - z ok 1
        step-completed p[2]/z 1
        lane-ended 3 cancelled
        lane-ended root failed
        instance-failed
        = failed (bad)
        "#,
    );
}

#[test]
fn collect_lets_all_end() {
    check(
        r#"
  steps:
    - id: p
      failure: collect
      catch: [{ error: "*", steps: [{ id: handled, set: { was: "${ steps.p.output }" } }] }]
      parallel:
        good: [{ id: x, adapter: a }]
        bad: [{ id: y, adapter: b, retry: none }]
"#,
        r#"
        start {}
        y fails worse permanent
        x ok 1
        "#,
        r#"
        - start {}
        instance-started
        step-started p
        lanes-opened p 0..2
        step-scheduled p[0]/y
        step-scheduled p[1]/x
        > call b p[0]/y/1 {}
        > call a p[1]/x/1 {}
        - y fails worse permanent
        attempt-failed p[0]/y worse
        step-failed p[0]/y worse fails
        lane-closing 1 failed
        lane-ended 1 failed
        - x ok 1
        step-completed p[1]/x 1
        lane-ended 2 completed
        step-failed p worse caught
        lanes-opened p 0..1
        step-completed p[0]/handled {"was":{"errors":[{"branch":"bad","error":{"message":"worse happened","step":"p[0]/y","type":"worse"}}],"results":{"bad":null,"good":1}}}
        lane-ended 3 completed
        catch-completed p {"was":{"errors":[{"branch":"bad","error":{"message":"worse happened","step":"p[0]/y","type":"worse"}}],"results":{"bad":null,"good":1}}}
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn the_first_case_that_holds_runs() {
    check(
        r#"
  output: "${ steps.s.output }"
  steps:
    - id: s
      switch:
        - { when: input.n > 10, steps: [{ id: big, set: { is: big } }] }
        - { when: input.n > 5, steps: [{ id: middle, set: { is: middle } }] }
        - default: [{ id: small, set: { is: small } }]
    - id: none
      switch:
        - { when: input.n > 100, steps: [{ id: huge, adapter: a }] }
"#,
        r#"
        start {"n": 7}
        "#,
        r#"
        - start {"n": 7}
        instance-started
        step-started s
        lanes-opened s 1..2
        step-completed s[1]/middle {"is":"middle"}
        lane-ended 1 completed
        step-completed s {"is":"middle"}
        step-skipped none
        lane-ended root completed
        instance-completed
        = completed {"is":"middle"}
        "#,
    );
}

#[test]
fn a_block_times_out() {
    check(
        r#"
  steps:
    - id: g
      timeout: 5s
      catch: [{ error: timeout, steps: [{ id: c, adapter: b }] }]
      steps:
        - { id: x, adapter: a }
    - { id: after, adapter: c }
"#,
        r#"
        start {}
        clock +5000
        c ok "caught"
        after ok 1
        x ok "late"
        "#,
        r#"
        - start {}
        instance-started
        step-started g
        lanes-opened g 0..1
        step-scheduled g[0]/x
        > call a g[0]/x/1 {}
        - clock +5000
        step-failed g timeout caught
        lanes-opened g 0..1
        lane-closing 1 cancelled
        step-scheduled g[0]/c
        > call b g[0]/c/1 {}
        - c ok "caught"
        step-completed g[0]/c "caught"
        lane-ended 2 completed
        catch-completed g "caught"
        step-scheduled after
        > call c after/1 {}
        - after ok 1
        step-completed after 1
        lane-ended root completed
        - x ok "late"
        step-completed g[0]/x "late"
        lane-ended 1 cancelled
        instance-completed
        = completed
        "#,
    );
}
