use crate::functions::Function;
use regex::Regex;
use std::ops::Range;

/// A place in the source, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// Sources are capped far below 4 GiB, so the offsets fit.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let fit = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: fit(start),
            end: fit(end),
        }
    }

    pub(crate) fn to(self, end: Self) -> Self {
        Self {
            start: self.start,
            end: end.end,
        }
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A node. `depth` is the height of its tree, which bounds the recursion of everything that walks it.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    pub(crate) depth: u16,
}

#[derive(Debug)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Box<str>),
    Bytes(Box<[u8]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
}

/// What a program asks its variables for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) root: String,
    pub(crate) member: Option<String>,
    pub(crate) field: Option<String>,
}

#[derive(Debug)]
pub(crate) struct MapEntry {
    pub(crate) key: Expr,
    pub(crate) value: Expr,
    pub(crate) optional: bool,
}

/// What a loop over a list or map makes of its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loop {
    All,
    Exists,
    ExistsOne,
    Filter,
    List,
    Map,
    SortBy,
    Group,
}

/// A loop: `variables` locals (1 or 2) are bound in turn, `condition` selects, `body` gives the element's value.
#[derive(Debug)]
pub(crate) struct Comprehension {
    pub(crate) what: Loop,
    pub(crate) range: Expr,
    pub(crate) variables: u8,
    pub(crate) condition: Option<Expr>,
    pub(crate) body: Expr,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Literal(Literal),
    /// A variable of a loop or `cel.bind`, by its position on the stack of locals.
    Local(usize),
    /// A variable, by its position in the program's slots; `optional` when absence gives none.
    Variable {
        slot: usize,
        optional: bool,
    },
    Now,
    Type(&'static str),
    /// A name or call that cannot succeed; only lenient scopes let it through to the evaluation.
    Fails {
        message: String,
        missing: bool,
    },
    Select {
        operand: Box<Expr>,
        field: Box<str>,
        optional: bool,
    },
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    Has(Box<Expr>),
    Call {
        function: &'static Function,
        arguments: Vec<Expr>,
    },
    /// `text.matches(pattern)` with a literal pattern, compiled once.
    Matches {
        text: Box<Expr>,
        pattern: Box<Regex>,
    },
    List(Vec<(bool, Expr)>),
    Map(Vec<MapEntry>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    /// Operators of one precedence from left to right, flat so that long sums need no deep stack.
    Chain {
        first: Box<Expr>,
        rest: Vec<(Arithmetic, Expr)>,
    },
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Compare {
        what: Comparison,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Conditional {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Comprehension(Box<Comprehension>),
    Bind {
        value: Box<Expr>,
        body: Box<Expr>,
    },
    /// `optMap` (wraps the body's value) and `optFlatMap`.
    MapOptional {
        operand: Box<Expr>,
        body: Box<Expr>,
        flat: bool,
    },
    /// `or` (gives an optional) and `orValue`; the alternative is evaluated only when it is needed.
    OrElse {
        operand: Box<Expr>,
        alternative: Box<Expr>,
        value: bool,
    },
}

impl Kind {
    /// The height of the highest child.
    pub(crate) fn child_depth(&self) -> u16 {
        let highest = |children: &[&Expr]| children.iter().map(|child| child.depth).max();
        let depth = match self {
            Self::Literal(_)
            | Self::Local(_)
            | Self::Variable { .. }
            | Self::Now
            | Self::Type(_)
            | Self::Fails { .. } => None,
            Self::Select { operand, .. } | Self::Has(operand) | Self::Not(operand) => {
                Some(operand.depth)
            }
            Self::Negate(operand) | Self::Matches { text: operand, .. } => Some(operand.depth),
            Self::Index { operand, index, .. } => highest(&[operand, index]),
            Self::Call { arguments, .. } => arguments.iter().map(|child| child.depth).max(),
            Self::List(items) => items.iter().map(|(_, child)| child.depth).max(),
            Self::Map(entries) => entries
                .iter()
                .map(|entry| entry.key.depth.max(entry.value.depth))
                .max(),
            Self::Chain { first, rest } => {
                let rest = rest.iter().map(|(_, child)| child.depth).max();
                rest.max(Some(first.depth))
            }
            Self::And(terms) | Self::Or(terms) => terms.iter().map(|child| child.depth).max(),
            Self::Compare { left, right, .. } => highest(&[left, right]),
            Self::Conditional {
                condition,
                then,
                otherwise,
            } => highest(&[condition, then, otherwise]),
            Self::Comprehension(it) => {
                let condition = it.condition.as_ref().map_or(0, |child| child.depth);
                Some(condition.max(it.range.depth).max(it.body.depth))
            }
            Self::Bind { value, body } => highest(&[value, body]),
            Self::MapOptional { operand, body, .. } => highest(&[operand, body]),
            Self::OrElse {
                operand,
                alternative,
                ..
            } => highest(&[operand, alternative]),
        };
        depth.unwrap_or(0)
    }
}
