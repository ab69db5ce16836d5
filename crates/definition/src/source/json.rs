use serde_json::{Map, Value};

use super::{Entry, MAX_DEPTH, Node, NodeValue, Path, Span};

impl Node {
    /// The tree of a JSON value, whose places are not known; deeper parts than the cap are cut off as broken.
    pub(crate) fn from_json(value: &Value) -> Self {
        build(value, Path::default(), 0)
    }

    /// The JSON value that the tree stands for.
    pub(crate) fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Null | NodeValue::Broken => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Number(number) => Value::Number(number.clone()),
            NodeValue::Text(text) => Value::String(text.clone()),
            NodeValue::List(items) => items.iter().map(Self::to_json).collect(),
            NodeValue::Map(entries) => entries_to_json(entries),
        }
    }
}

fn entries_to_json(entries: &[Entry]) -> Value {
    let pairs = entries
        .iter()
        .map(|entry| (entry.key.clone(), entry.value.to_json()));
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn build(value: &Value, path: Path, depth: usize) -> Node {
    let value = match value {
        Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => NodeValue::Broken,
        Value::Null => NodeValue::Null,
        Value::Bool(value) => NodeValue::Bool(*value),
        Value::Number(number) => NodeValue::Number(number.clone()),
        Value::String(text) => NodeValue::Text(text.clone()),
        Value::Array(items) => NodeValue::List(list(items, &path, depth)),
        Value::Object(map) => NodeValue::Map(entries(map, &path, depth)),
    };
    Node {
        value,
        span: Span::default(),
        path,
    }
}

fn list(items: &[Value], path: &Path, depth: usize) -> Vec<Node> {
    let items = items.iter().enumerate();
    items
        .map(|(index, item)| build(item, path.index(index), depth + 1))
        .collect()
}

fn entries(map: &Map<String, Value>, path: &Path, depth: usize) -> Vec<Entry> {
    let entry = |(key, value): (&String, &Value)| Entry {
        key: key.clone(),
        key_span: Span::default(),
        value: build(value, path.key(key), depth + 1),
    };
    map.iter().map(entry).collect()
}
