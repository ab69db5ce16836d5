use super::expectation::{article, expectation, list_of_words};
use super::value::{Problem, check_scalar};
use crate::diagnostic::{At, Report, codes, nearest};
use crate::language::{ADAPTER_TYPES, Availability, Choice, Key, Object, STEP, Shape};
use crate::source::{Entry, Node, NodeValue};

/// Reports everything in a mapping that the language does not have.
pub(crate) fn check_object(report: &mut Report, object: &'static Object, node: &Node) {
    if node.is_broken() {
        return;
    }
    if !matches!(node.value, NodeValue::Map(_)) {
        let message = format!(
            "expected a mapping ({}), but found {}",
            object.name,
            node.kind()
        );
        report.error(&codes::WRONG_TYPE, &At::node(node), message);
        return;
    }
    for entry in node.entries() {
        match object.key(&entry.key) {
            Some(key) => check_entry(report, object, node, key, entry),
            None => unknown_key(report, object, entry),
        }
    }
    for key in object
        .keys
        .iter()
        .filter(|key| key.required && !node.has(key.name))
    {
        let message = format!("{} lacks the key `{}`", article(object.name), key.name);
        let found = report.error(&codes::MISSING_KEY, &At::node(node), message);
        found.hint(format!(
            "add `{}: ...`, {}",
            key.name,
            expectation(&key.shape)
        ));
    }
}

fn check_entry(
    report: &mut Report,
    object: &Object,
    node: &Node,
    key: &'static Key,
    entry: &Entry,
) {
    if key.availability == Availability::NotYet {
        report.not_yet(
            &At::key(entry),
            &format!("`{}` of {}", key.name, article(object.name)),
        );
        return;
    }
    check_companions(report, object, node, key, entry);
    check_value(report, &key.shape, &entry.value, &At::key(entry), key.name);
}

/// A key may need another beside it; an adapter's keys need a type instead.
fn check_companions(report: &mut Report, object: &Object, node: &Node, key: &Key, entry: &Entry) {
    let of_types = key.beside.iter().all(|word| ADAPTER_TYPES.contains(word));
    let kind = node.text_at("type").filter(|_| of_types);
    let well = match kind {
        Some(kind) => key.beside.contains(&kind) || !ADAPTER_TYPES.contains(&kind),
        None => of_types || key.beside.iter().any(|word| node.has(word)),
    };
    if key.beside.is_empty() || well {
        return;
    }
    let words = list_of_words(key.beside.iter().copied());
    let message = match kind {
        Some(_) => format!(
            "`{}` belongs to {} of type {words}",
            key.name,
            article(object.name)
        ),
        None => format!("`{}` stands only beside {words}", key.name),
    };
    report.error(&codes::MISPLACED, &At::key(entry), message);
}

fn unknown_key(report: &mut Report, object: &Object, entry: &Entry) {
    let message = format!("unknown key `{}` in {}", entry.key, article(object.name));
    let found = report.error(&codes::UNKNOWN_KEY, &At::key(entry), message);
    let keys = || object.keys.iter().filter(|key| !key.name.starts_with('$'));
    let now = keys()
        .filter(|key| key.availability == Availability::Now)
        .map(|key| key.name);
    match nearest(&entry.key, keys().map(|key| key.name)) {
        Some(name) => found.hint(format!("did you mean `{name}`?")),
        None => found.hint(format!("expected {}", list_of_words(now))),
    };
}

/// Reports everything in a value that its shape does not allow; `key` is the place where an empty value is shown.
fn check_value(report: &mut Report, shape: &Shape, node: &Node, key: &At, name: &str) {
    if node.is_broken() {
        return;
    }
    match (shape, &node.value) {
        (Shape::Any | Shape::Value, _) => {}
        (Shape::Object(object), NodeValue::Map(_)) => check_object(report, object, node),
        (Shape::Steps, NodeValue::List(items)) => {
            check_items(report, &Shape::Object(&STEP), items, name)
        }
        (Shape::List(item), NodeValue::List(items)) => check_items(report, item, items, name),
        (Shape::Map(value), NodeValue::Map(entries)) => {
            for entry in entries {
                check_value(report, value, &entry.value, &At::key(entry), &entry.key);
            }
        }
        (Shape::OneOf(choices), _) => check_choices(report, choices, node, key, name),
        _ => {
            if let Err(problem) = check_scalar(shape, node) {
                refuse(report, problem, node, key, name);
            }
        }
    }
}

fn check_items(report: &mut Report, shape: &Shape, items: &[Node], name: &str) {
    for node in items {
        check_value(report, shape, node, &At::node(node), name);
    }
}

fn check_choices(report: &mut Report, choices: &[Choice], node: &Node, key: &At, name: &str) {
    if let Some(choice) = choices.iter().find(|choice| fits(&choice.shape, node)) {
        if choice.availability == Availability::NotYet {
            report.not_yet(key, &format!("this value of `{name}`"));
            return;
        }
        return check_value(report, &choice.shape, node, key, name);
    }
    let shapes: Vec<String> = choices
        .iter()
        .map(|choice| expectation(&choice.shape))
        .collect();
    let message = format!(
        "expected {}, but found {}",
        shapes.join(" or "),
        super::expectation::found(node)
    );
    let code = if node.text().is_some() {
        &codes::BAD_VALUE
    } else {
        &codes::WRONG_TYPE
    };
    report.error(code, place(&At::node(node), node, key), message);
}

/// Whether a node has a shape, without looking into lists and mappings.
fn fits(shape: &Shape, node: &Node) -> bool {
    match (shape, &node.value) {
        (Shape::Any | Shape::Value, _) => true,
        (Shape::Object(_) | Shape::Map(_), value) => matches!(value, NodeValue::Map(_)),
        (Shape::List(_) | Shape::Steps, value) => matches!(value, NodeValue::List(_)),
        _ => !matches!(check_scalar(shape, node), Err(Problem::Refused { .. })),
    }
}

fn refuse(report: &mut Report, problem: Problem, node: &Node, key: &At, name: &str) {
    match problem {
        Problem::NotYet(word) => {
            report.not_yet(&At::node(node), &format!("`{name}: {word}`"));
        }
        Problem::EmptyCondition => {
            let found = report.error(
                &codes::EMPTY_CONDITION,
                key,
                format!("expected a condition under `{name}`, but it is empty"),
            );
            found.hint(format!(
                "write it, quoted where YAML would misread it: {name}: \"input.ready\""
            ));
        }
        Problem::Refused {
            code,
            message,
            hint,
        } => {
            report
                .error(code, place(&At::node(node), node, key), message)
                .hint = hint;
        }
    }
}

/// Where a refused value is shown: at itself, or at its key when it is empty and has no place.
fn place<'a>(own: &'a At, node: &Node, key: &'a At) -> &'a At {
    if matches!(node.value, NodeValue::Null) {
        key
    } else {
        own
    }
}
