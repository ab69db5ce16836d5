//! The skeleton of a definition: which steps and lists there are, before anything in them is compiled.

use std::collections::BTreeMap;

use crate::diagnostic::{At, Report, codes};
use crate::source::Node;
use crate::workflow::{ListIx, StepIx};

/// No definition has more steps.
const MAX_STEPS: usize = 10_000;

/// The steps and lists of a definition; indexes are those of the compiled workflow.
pub(super) struct Outline<'n> {
    pub(super) steps: Vec<StepOutline<'n>>,
    pub(super) lists: Vec<ListOutline>,
    pub(super) ids: BTreeMap<&'n str, StepIx>,
    pub(super) finally: Option<ListIx>,
}

pub(super) struct StepOutline<'n> {
    pub(super) node: &'n Node,
    pub(super) id: &'n str,
    pub(super) list: ListIx,
    pub(super) position: u32,
    /// The lists within it, in order.
    pub(super) blocks: Vec<(Block<'n>, ListIx)>,
}

pub(super) struct ListOutline {
    pub(super) owner: Option<StepIx>,
    pub(super) role: Role,
    pub(super) steps: Vec<StepIx>,
}

/// What a list is to the step that holds it.
#[derive(Clone, Copy)]
pub(super) enum Block<'n> {
    Body,
    Branch(Option<&'n str>),
    /// The whole case.
    Case(&'n Node),
    /// The whole handler.
    Catch(&'n Node),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Root,
    Finally,
    Block,
    Loop,
    Catch,
}

impl<'n> Outline<'n> {
    /// Of a resource without steps.
    pub(super) fn empty() -> Self {
        Self {
            steps: Vec::new(),
            lists: Vec::new(),
            ids: BTreeMap::new(),
            finally: None,
        }
    }

    pub(super) fn read(report: &mut Report, workflow: &'n Node) -> Self {
        let mut outline = Self::empty();
        outline.add_list(report, workflow.get("steps"), None, Role::Root);
        if let Some(finally) = workflow.get("finally") {
            outline.finally = Some(outline.add_list(report, Some(finally), None, Role::Finally));
        }
        if outline.steps.len() >= MAX_STEPS {
            let message = format!("a workflow has at most {MAX_STEPS} steps");
            report.error(&codes::TOO_LARGE, &At::node(workflow), message);
        }
        outline
    }

    pub(super) fn step(&self, ix: StepIx) -> &StepOutline<'n> {
        &self.steps[ix.0 as usize]
    }

    pub(super) fn list(&self, ix: ListIx) -> &ListOutline {
        &self.lists[ix.0 as usize]
    }

    /// The lists from this one outwards.
    pub(super) fn lists_outwards(&self, from: ListIx) -> impl Iterator<Item = ListIx> {
        let outer = |list: &ListIx| self.list(*list).owner.map(|owner| self.step(owner).list);
        std::iter::successors(Some(from), outer)
    }

    fn add_list(
        &mut self,
        report: &mut Report,
        node: Option<&'n Node>,
        owner: Option<StepIx>,
        role: Role,
    ) -> ListIx {
        let ix = ListIx(index(self.lists.len()));
        self.lists.push(ListOutline {
            owner,
            role,
            steps: Vec::new(),
        });
        for step in node.map(Node::items).unwrap_or_default() {
            if self.steps.len() >= MAX_STEPS {
                break;
            }
            self.add_step(report, step, ix);
        }
        ix
    }

    fn add_step(&mut self, report: &mut Report, node: &'n Node, list: ListIx) {
        let ix = StepIx(index(self.steps.len()));
        let position = index(self.list(list).steps.len());
        let id = node.text_at("id").unwrap_or_default();
        self.steps.push(StepOutline {
            node,
            id,
            list,
            position,
            blocks: Vec::new(),
        });
        self.lists[list.0 as usize].steps.push(ix);
        self.add_id(report, node, id, ix);
        for (block, steps) in blocks(node) {
            let role = match block {
                Block::Catch(_) => Role::Catch,
                Block::Body if node.has("for-each") || node.has("repeat") => Role::Loop,
                _ => Role::Block,
            };
            let list = self.add_list(report, Some(steps), Some(ix), role);
            self.steps[ix.0 as usize].blocks.push((block, list));
        }
    }

    fn add_id(&mut self, report: &mut Report, node: &'n Node, id: &'n str, ix: StepIx) {
        if id.is_empty() {
            return;
        }
        if let Some(first) = self.ids.get(id).copied() {
            let line = self.step(first).node.span.line;
            let at = node.get("id").map(At::node).unwrap_or_default();
            let found = report.error(
                &codes::DUPLICATE_ID,
                &at,
                format!("the id `{id}` is given twice"),
            );
            if line > 0 {
                found.hint(format!(
                    "the first is in line {line}; ids are unique in the whole definition"
                ));
            }
            return;
        }
        self.ids.insert(id, ix);
    }
}

/// The lists within a step. Named branches go by name, so that the order of a mapping never matters.
fn blocks(node: &Node) -> Vec<(Block<'_>, &Node)> {
    let mut blocks = Vec::new();
    if let Some(steps) = node.get("steps") {
        blocks.push((Block::Body, steps));
    }
    if let Some(parallel) = node.get("parallel") {
        blocks.extend(
            parallel
                .items()
                .iter()
                .map(|steps| (Block::Branch(None), steps)),
        );
        let mut named: Vec<_> = parallel.entries().iter().collect();
        named.sort_by_key(|entry| &entry.key);
        blocks.extend(
            named
                .iter()
                .map(|entry| (Block::Branch(Some(&entry.key)), &entry.value)),
        );
    }
    for case in node.get("switch").map(Node::items).unwrap_or_default() {
        if let Some(steps) = case.get("steps").or_else(|| case.get("default")) {
            blocks.push((Block::Case(case), steps));
        }
    }
    for handler in node.get("catch").map(Node::items).unwrap_or_default() {
        if let Some(steps) = handler.get("steps") {
            blocks.push((Block::Catch(handler), steps));
        }
    }
    blocks
}

/// The number of steps and lists is bounded far below.
fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
