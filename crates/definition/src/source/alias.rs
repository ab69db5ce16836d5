//! Anchors and aliases, with a bound on what aliases may add.

use std::collections::BTreeMap;

use super::{Entry, Node, NodeValue, Path};

/// How many nodes all aliases of a file may add together.
const MAX_ALIASED_NODES: usize = 10_000;

/// The anchored nodes that were read so far.
#[derive(Default)]
pub(super) struct Anchors {
    nodes: BTreeMap<usize, Anchored>,
    copied: usize,
}

struct Anchored {
    node: Node,
    size: usize,
    depth: usize,
}

/// Why an alias has no value.
pub(super) enum AliasError {
    /// It stands inside the node that it names.
    Recursive,
    /// Aliases add up to too much, or nest too deep.
    TooMuch,
}

impl Anchors {
    /// Remembers a finished node; id 0 means that it has no anchor.
    pub(super) fn remember(&mut self, id: usize, node: &Node) -> Result<(), AliasError> {
        if id == 0 {
            return Ok(());
        }
        let (size, depth) = measure(node);
        self.take(size)?;
        self.nodes.insert(
            id,
            Anchored {
                node: node.clone(),
                size,
                depth,
            },
        );
        Ok(())
    }

    /// A copy of the node that an alias names, to stand at `path` and `depth`.
    pub(super) fn copy(&mut self, id: usize, path: Path, depth: usize) -> Result<Node, AliasError> {
        let Some(anchored) = self.nodes.get(&id) else {
            return Err(AliasError::Recursive);
        };
        if depth + anchored.depth > super::MAX_DEPTH {
            return Err(AliasError::TooMuch);
        }
        let (size, node) = (anchored.size, moved(&anchored.node, path));
        self.take(size)?;
        Ok(node)
    }

    fn take(&mut self, size: usize) -> Result<(), AliasError> {
        self.copied = self.copied.saturating_add(size);
        if self.copied > MAX_ALIASED_NODES {
            Err(AliasError::TooMuch)
        } else {
            Ok(())
        }
    }
}

/// The same tree at another place of the document; its spans stay those of the anchor.
fn moved(node: &Node, path: Path) -> Node {
    let value = match &node.value {
        NodeValue::List(items) => NodeValue::List(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| moved(item, path.index(index)))
                .collect(),
        ),
        NodeValue::Map(entries) => {
            let entry = |entry: &Entry| Entry {
                value: moved(&entry.value, path.key(&entry.key)),
                ..entry.clone()
            };
            NodeValue::Map(entries.iter().map(entry).collect())
        }
        value => value.clone(),
    };
    Node {
        value,
        span: node.span,
        path,
    }
}

/// How many nodes a tree has and how deep it is.
fn measure(node: &Node) -> (usize, usize) {
    let children = |found: (usize, usize), child: &Node| {
        let (size, depth) = measure(child);
        (found.0 + size, found.1.max(depth))
    };
    let (size, depth) = match &node.value {
        NodeValue::List(items) => items.iter().fold((0, 0), children),
        NodeValue::Map(entries) => entries
            .iter()
            .map(|entry| &entry.value)
            .fold((0, 0), children),
        _ => return (1, 0),
    };
    (size + 1, depth + 1)
}
