use std::sync::Arc;

/// Where a node stands in its document. Cloning is cheap: nodes share their parents' parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path(Option<Arc<Part>>);

#[derive(Debug)]
struct Part {
    parent: Path,
    segment: Segment,
}

#[derive(Debug)]
enum Segment {
    Key(String),
    Index(usize),
}

impl Path {
    pub(crate) fn key(&self, key: &str) -> Self {
        self.child(Segment::Key(key.to_owned()))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.child(Segment::Index(index))
    }

    fn child(&self, segment: Segment) -> Self {
        Self(Some(Arc::new(Part {
            parent: self.clone(),
            segment,
        })))
    }

    /// The JSON pointer (RFC 6901); empty for the document itself.
    pub(crate) fn pointer(&self) -> String {
        let mut parts = Vec::new();
        let mut next = self.0.as_deref();
        while let Some(part) = next {
            parts.push(&part.segment);
            next = part.parent.0.as_deref();
        }
        parts
            .iter()
            .rev()
            .map(|segment| segment.pointer())
            .collect()
    }
}

impl Segment {
    fn pointer(&self) -> String {
        match self {
            Self::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Self::Index(index) => format!("/{index}"),
        }
    }
}
