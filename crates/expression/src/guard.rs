//! What a condition demands of single fields, so that many conditions can be looked up instead of evaluated.

use crate::syntax::{Comparison, Expr, Kind, Literal, Slot};

/// Ints up to this magnitude are exact as doubles, so that numbers of both kinds can be looked up by one key.
const MAX_EXACT: i64 = 1 << 53;

/// A field of a variable, and the constants of which it must equal one: else the condition does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The variable, such as `event`.
    pub root: String,
    /// The field in it, from outside to inside; at least one name.
    pub path: Vec<String>,
    /// Of these it must equal one, by value.
    pub constants: Vec<Constant>,
    /// The condition demands nothing else.
    pub whole: bool,
}

/// A constant that a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Constant {
    /// A text.
    Text(String),
    /// A whole number, up to 2^53 in magnitude.
    Int(i64),
    /// A boolean.
    Bool(bool),
}

impl Constant {
    /// The constant that a JSON value equals, if any can.
    #[must_use]
    pub fn of(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::String(text) => Some(Self::Text(text.clone())),
            serde_json::Value::Bool(it) => Some(Self::Bool(*it)),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(it) => Self::of_int(it),
                None => Self::of_double(number.as_f64()?),
            },
            _ => None,
        }
    }

    pub(crate) fn of_int(it: i64) -> Option<Self> {
        (it.unsigned_abs() <= MAX_EXACT.unsigned_abs()).then_some(Self::Int(it))
    }

    pub(crate) fn of_double(it: f64) -> Option<Self> {
        whole_double(it).map(Self::Int)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a whole double of this magnitude is an int"
)]
fn whole_double(number: f64) -> Option<i64> {
    let exact = number.fract() == 0.0 && number.abs() <= (1_u64 << 53) as f64;
    exact.then_some(number as i64)
}

/// What a condition demands, each by itself a reason for it not to hold.
pub(crate) fn guards(expr: &Expr, slots: &[Slot]) -> Vec<Guard> {
    match &expr.kind {
        Kind::And(terms) => {
            let demanded = terms.iter().flat_map(|term| guards(term, slots));
            demanded
                .map(|guard| Guard {
                    whole: false,
                    ..guard
                })
                .collect()
        }
        Kind::Or(terms) => any_of(terms, slots).into_iter().collect(),
        Kind::Compare { what, left, right } => {
            compared(*what, left, right, slots).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Alternatives demand something together when all of them are about one field.
fn any_of(terms: &[Expr], slots: &[Slot]) -> Option<Guard> {
    let mut all = terms.iter().map(|term| match &term.kind {
        Kind::Compare { what, left, right } => compared(*what, left, right, slots),
        _ => None,
    });
    let mut guard = all.next()??;
    for other in all {
        let other = other?;
        if (&other.root, &other.path) != (&guard.root, &guard.path) {
            return None;
        }
        guard.constants.extend(other.constants);
    }
    Some(guard)
}

fn compared(what: Comparison, left: &Expr, right: &Expr, slots: &[Slot]) -> Option<Guard> {
    let (field, constants) = match (what, &right.kind) {
        (Comparison::Equal, _) => match (constant(left), constant(right)) {
            (None, Some(it)) => (left, vec![it]),
            (Some(it), None) => (right, vec![it]),
            _ => return None,
        },
        (Comparison::In, Kind::List(items)) => {
            let items = items.iter().map(|(optional, item)| match optional {
                true => None,
                false => constant(item),
            });
            (left, items.collect::<Option<Vec<_>>>()?)
        }
        _ => return None,
    };
    let mut path = Vec::new();
    let root = field_of(field, slots, &mut path)?;
    (!path.is_empty()).then(|| Guard {
        root: root.to_owned(),
        path,
        constants,
        whole: true,
    })
}

/// The variable that a chain of plain fields begins with; the names go to `path`.
fn field_of<'s>(expr: &Expr, slots: &'s [Slot], path: &mut Vec<String>) -> Option<&'s str> {
    match &expr.kind {
        Kind::Variable {
            slot,
            optional: false,
        } => {
            let slot = slots.get(*slot)?;
            slot.member.is_none().then_some(slot.root.as_str())
        }
        Kind::Select {
            operand,
            field,
            optional: false,
        } => {
            let root = field_of(operand, slots, path)?;
            path.push(field.to_string());
            Some(root)
        }
        Kind::Index {
            operand,
            index,
            optional: false,
        } => {
            let Kind::Literal(Literal::String(name)) = &index.kind else {
                return None;
            };
            let root = field_of(operand, slots, path)?;
            path.push(name.to_string());
            Some(root)
        }
        _ => None,
    }
}

fn constant(expr: &Expr) -> Option<Constant> {
    match &expr.kind {
        Kind::Literal(Literal::String(text)) => Some(Constant::Text(text.to_string())),
        Kind::Literal(Literal::Bool(it)) => Some(Constant::Bool(*it)),
        Kind::Literal(Literal::Int(it)) if it.unsigned_abs() <= MAX_EXACT.unsigned_abs() => {
            Some(Constant::Int(*it))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Constant, Program, Scope};
    use serde_json::json;

    /// The guards of a condition, in short.
    fn guards(condition: &str) -> Vec<String> {
        let scope = Scope::new()
            .variables(["event", "meta"])
            .members("env", ["region"]);
        let program = Program::compile(condition, &scope).expect(condition);
        let shown = program.guards().into_iter().map(|guard| {
            let constants: Vec<String> =
                guard.constants.iter().map(|it| format!("{it:?}")).collect();
            let whole = if guard.whole { "" } else { " and more" };
            let (root, path) = (guard.root, guard.path.join("/"));
            format!("{root}/{path} = {}{whole}", constants.join(" | "))
        });
        shown.collect()
    }

    #[test]
    fn comparisons_with_constants_are_guards() {
        for (condition, expected) in [
            ("event.region == 'EU'", r#"event/region = Text("EU")"#),
            ("3 == event.a.b", "event/a/b = Int(3)"),
            (
                "event['customer-id'] == true",
                "event/customer-id = Bool(true)",
            ),
            (
                "meta.type in ['a', 'b']",
                r#"meta/type = Text("a") | Text("b")"#,
            ),
            (
                "meta.type == 'a' || meta.type in ['b']",
                r#"meta/type = Text("a") | Text("b")"#,
            ),
            (
                "event.n > 3 && event.region == 'EU'",
                r#"event/region = Text("EU") and more"#,
            ),
        ] {
            assert_eq!(guards(condition), [expected], "{condition}");
        }
        assert_eq!(guards("event.a == 1 && event.b == 2").len(), 2);
    }

    #[test]
    fn whatever_else_decides_is_no_guard() {
        for condition in [
            "event.region != 'EU'",
            "event.region == 'EU' || event.n > 3",
            "event.a == 'x' || event.b == 'x'",
            "!(event.a == 'x')",
            "event.a == event.b",
            "event.a == 1.5",
            "event.?a.orValue('x') == 'x'",
            "event.a[0] == 'x'",
            "event == 'x'",
            "env.region == 'EU'",
            "event.a in [event.b]",
            "event.a == 9007199254740993",
            "[1, 2].exists(event, event.a == 1)",
        ] {
            assert_eq!(guards(condition), Vec::<String>::new(), "{condition}");
        }
    }

    #[test]
    fn values_are_found_by_what_they_equal() {
        assert_eq!(Constant::of(&json!(3.0)), Some(Constant::Int(3)));
        assert_eq!(Constant::of(&json!(-0.0)), Some(Constant::Int(0)));
        assert_eq!(Constant::of(&json!(3.5)), None);
        assert_eq!(Constant::of(&json!(u64::MAX)), None);
        assert_eq!(Constant::of(&json!(1e300)), None);
        assert_eq!(Constant::of(&json!(null)), None);
        assert_eq!(
            Constant::of(&json!("3")),
            Some(Constant::Text("3".to_owned()))
        );
    }
}
