//! Events and catalogs for the tests.

use std::cell::Cell;
use std::sync::Arc;

use definition::{Catalog, ResourceSet, no_settings_check};
use expression::Document;
use router::Event;
use serde_json::{Value, json};

/// An event that counts how often its data is asked for.
pub struct Sample {
    pub meta: Arc<Value>,
    pub data: Option<Arc<Value>>,
    pub asked: Cell<u32>,
}

impl Sample {
    pub fn new(event_type: &str, data: Value) -> Self {
        Self::of(json!({ "type": event_type, "source": "/shop" }), Some(data))
    }

    pub fn of(meta: Value, data: Option<Value>) -> Self {
        Self {
            meta: Arc::new(meta),
            data: data.map(Arc::new),
            asked: Cell::new(0),
        }
    }
}

impl Event for Sample {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.meta.get(name)?.as_str()
    }

    fn meta(&self) -> Arc<Value> {
        self.meta.clone()
    }

    fn data(&self) -> Option<Arc<Value>> {
        self.asked.set(self.asked.get() + 1);
        self.data.clone()
    }

    fn at_ms(&self) -> i64 {
        1_700_000_000_000
    }
}

/// The same event, of which nothing has been made values.
pub struct Unread<'a>(pub &'a Sample);

impl Event for Unread<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.0.attribute(name)
    }

    fn meta(&self) -> Arc<Value> {
        self.0.meta()
    }

    fn data(&self) -> Option<Arc<Value>> {
        self.0.data()
    }

    fn document(&self, root: &str) -> Option<Arc<Document>> {
        let value = match root {
            "event" => self.0.data()?,
            _ => self.0.meta(),
        };
        let document = Document::parse(value.to_string().into());
        Some(Arc::new(document.expect("it is JSON")))
    }

    fn at_ms(&self) -> i64 {
        self.0.at_ms()
    }
}

/// Adapters `a` and `b`, the workflow `w`, and what the text says.
pub fn catalog(text: &str) -> Catalog {
    let base = r#"
environments: { dev: { vars: { region: EU } } }
adapters:
  - { name: a, type: http, url: "http://127.0.0.1:9" }
  - { name: b, type: http, url: "http://127.0.0.1:9" }
workflow: { name: w, version: 1.0.0, timeout: 1h, steps: [{ id: one, adapter: a }] }
"#;
    let files = [("base.yaml", base), ("test.yaml", text)];
    let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    let (set, _) = ResourceSet::parse(files.to_vec());
    let dev = Catalog {
        environment: "dev".to_owned(),
        ..Catalog::default()
    };
    let applied = set.apply_to(&dev, &no_settings_check);
    applied.unwrap_or_else(|found| panic!("{}", found[0])).new
}
