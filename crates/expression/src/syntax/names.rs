//! Names: what an identifier means, and the members of roots whose names may hold hyphens.

use super::ast::{Expr, Kind, Literal, Slot, Span};
use super::lexer::{Token, identifier_length};
use super::literal;
use super::nearest::nearest;
use super::parser::{Parser, node};
use crate::scope::{Fetch, Names, Root};
use crate::{CompileError, Reference};

const TYPES: [&str; 11] = [
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "optional_type",
    "string",
    "type",
    "uint",
];

const NAMESPACES: [&str; 6] = ["base64", "cel", "lists", "math", "optional", "strings"];

impl<'s> Parser<'s> {
    /// A value that begins with an identifier; `absolute` names (`.x`) pass over the variables of loops.
    pub(super) fn identifier(&mut self, absolute: bool) -> Result<Expr, CompileError> {
        let (name, span) = (self.text(), self.span);
        if let Some(literal) = keyword(name) {
            self.advance()?;
            return node(Kind::Literal(literal), span);
        }
        if self.behind().starts_with('(') {
            self.advance()?;
            return self.global_call(name, span);
        }
        if !absolute && let Some(local) = self.locals.iter().rposition(|it| it == name) {
            self.advance()?;
            return node(Kind::Local(local), span);
        }
        if NAMESPACES.contains(&name)
            && let Some(function) = self.function_in(name)
        {
            return self.global_call(function, span);
        }
        if let Some((root_name, root)) = self.declared_root() {
            self.lexer.position = span.start as usize + root_name.len();
            return self.variable(root_name, root, span.start as usize);
        }
        let known_type = TYPES.iter().find(|it| **it == name);
        let kind = match known_type {
            Some(it) => Kind::Type(it),
            None => self.unknown_name(name, span)?,
        };
        self.advance()?;
        node(kind, span)
    }

    /// The source behind the current token, without blanks.
    fn behind(&self) -> &'s str {
        let mut ahead = self.lexer.clone();
        ahead.skip_blank();
        ahead.rest()
    }

    /// `math.greatest` when the current token is `math` and a call follows; steps to its bracket.
    fn function_in(&mut self, namespace: &str) -> Option<&'s str> {
        let length = identifier_length(self.behind().strip_prefix('.')?);
        let start = self.span.start as usize;
        let end = start + namespace.len() + 1 + length;
        let name = self.lexer.source.get(start..end)?;
        let is_call = self.lexer.source[end..].starts_with('(');
        let spelled = is_call && length > 0 && name.as_bytes()[namespace.len()] == b'.';
        spelled.then(|| {
            self.lexer.position = end + 1;
            self.token = Token::Symbol("(");
            self.span = Span::new(end, end + 1);
            name
        })
    }

    /// The declared root with the longest name that stands at the current token.
    fn declared_root(&self) -> Option<(&'s str, &'s Root)> {
        let rest = &self.lexer.source[self.span.start as usize..];
        let roots = self.scope.roots.iter();
        roots
            .filter(|(name, _)| stands_at(rest, name))
            .max_by_key(|(name, _)| name.len())
            .map(|(name, root)| (&rest[..name.len()], root))
    }

    fn variable(&mut self, name: &'s str, root: &Root, start: usize) -> Result<Expr, CompileError> {
        let end = self.lexer.position;
        if name == "now" && !self.scope.lenient {
            self.refer(name, None, None, start..end);
            self.advance()?;
            return node(Kind::Now, Span::new(start, end));
        }
        if root.fetch != Fetch::Whole {
            return self.member(name, root, start);
        }
        let slot = self.slot(name, None, None);
        let variable = Kind::Variable {
            slot,
            optional: false,
        };
        let operand = node(variable, Span::new(start, end))?;
        let field = match root.names {
            Names::Any => None,
            _ => self.dotted_name(name, &root.names)?,
        };
        self.refer(name, field, None, start..self.lexer.position);
        let end = self.lexer.position;
        self.advance()?;
        let Some(field) = field else {
            return Ok(operand);
        };
        let select = Kind::Select {
            operand: Box::new(operand),
            field: field.into(),
            optional: false,
        };
        node(select, Span::new(start, end))
    }

    /// `steps.pay.output`, `env.region`, `adapters.crm.in-flight`; the lexer stands behind the root's name.
    fn member(&mut self, name: &'s str, root: &Root, start: usize) -> Result<Expr, CompileError> {
        let optional = self.lexer.rest().starts_with(".?");
        let member = match self.literal_index(name, &root.names)? {
            Some(member) => member,
            None => match self.dotted_name(name, &root.names)? {
                Some(member) => member.to_owned(),
                None => return Err(self.bare_root(name, start)),
            },
        };
        let field = self.field_of(name, &member, root, start)?;
        let whole = root.fetch == Fetch::Field;
        let fetched = field.filter(|_| whole);
        let slot = self.slot(name, Some(&member), fetched);
        let end = self.lexer.position;
        self.refer(name, Some(&member), field, start..end);
        self.advance()?;
        let span = Span::new(start, end);
        let variable = node(Kind::Variable { slot, optional }, span)?;
        match field {
            Some(field) if !whole => {
                let select = Kind::Select {
                    operand: Box::new(variable),
                    field: field.into(),
                    optional: false,
                };
                node(select, span)
            }
            _ => Ok(variable),
        }
    }

    /// A name behind a dot (or `.?`): the longest known one, or any name of an open set. `None` without a dot.
    fn dotted_name(&mut self, root: &str, names: &Names) -> Result<Option<&'s str>, CompileError> {
        let mut ahead = self.lexer.clone();
        ahead.skip_blank();
        let Some(rest) = ahead.rest().strip_prefix('.') else {
            return Ok(None);
        };
        let blank = rest.len() - rest.trim_start_matches('?').trim_start().len();
        let at = ahead.position + 1 + blank;
        let rest = &rest[blank..];
        let length = match names {
            Names::Closed(known) => longest_known(rest, known.iter().map(String::as_str)),
            Names::Open | Names::Any => Some(kebab_length(rest)).filter(|length| *length > 0),
        };
        let Some(length) = length else {
            return Err(unknown_member(root, names, rest, at));
        };
        self.lexer.position = at + length;
        Ok(Some(&rest[..length]))
    }

    /// The member of `steps["create-account"]`; only a literal text can be looked up when the workflow is applied.
    fn literal_index(&mut self, root: &str, names: &Names) -> Result<Option<String>, CompileError> {
        if !self.behind().starts_with('[') {
            return Ok(None);
        }
        self.lexer.next()?;
        self.advance()?;
        let literal = match self.token {
            Token::String => literal::read(self.token, self.text(), self.span, false)?,
            _ => return Err(self.unexpected("a name in quotes, since it is looked up beforehand")),
        };
        let Literal::String(member) = literal else {
            return Ok(None);
        };
        let at = self.span.start as usize + 1;
        if let Names::Closed(known) = names
            && !known.contains(&*member)
        {
            return Err(unknown_member(root, names, &member, at));
        }
        let (token, span) = self.lexer.next()?;
        if token != Token::Symbol("]") {
            return Err(CompileError::new("expected `]`", span.range()));
        }
        Ok(Some(member.into()))
    }

    fn bare_root(&self, name: &str, start: usize) -> CompileError {
        let form = match name {
            "steps" => "steps.<id>.output".to_owned(),
            _ => format!("{name}.<name>"),
        };
        let message = format!("`{name}` alone is not a value; write `{form}`");
        CompileError::new(message, start..start + name.len())
    }

    /// The field behind a member, where the root says which there are.
    fn field_of(
        &mut self,
        name: &str,
        member: &str,
        root: &Root,
        start: usize,
    ) -> Result<Option<&'s str>, CompileError> {
        let behind = self.behind();
        let dotted = behind.strip_prefix('.').map(str::trim_start);
        let known = dotted.and_then(|rest| longest_known(rest, root.fields.iter().copied()));
        if let (Some(rest), Some(length)) = (dotted, known) {
            self.lexer.position = self.lexer.source.len() - rest.len() + length;
            return Ok(Some(&rest[..length]));
        }
        if root.fields.is_empty() || (root.fetch == Fetch::Member && dotted.is_none()) {
            return Ok(None);
        }
        let text = &self.lexer.source[start + name.len() + 1..];
        if behind.starts_with('-') && text.starts_with(member) {
            return Err(unknown_member(
                name,
                &root.names,
                text,
                start + name.len() + 1,
            ));
        }
        let fields = root.fields.join(", ");
        let message = format!("`{name}.{member}` must be followed by one of {fields}");
        let found = dotted.map_or("", |rest| &rest[..kebab_length(rest)]);
        let end = match dotted {
            Some(rest) => self.lexer.source.len() - rest.len() + found.len(),
            None => self.lexer.position,
        };
        let near = nearest(found, root.fields.iter().copied()).unwrap_or(root.fields[0]);
        let hint = format!("did you mean `{name}.{member}.{near}`?");
        Err(CompileError::new(message, start..end).with_hint(hint))
    }

    fn slot(&mut self, root: &str, member: Option<&str>, field: Option<&str>) -> usize {
        let slot = Slot {
            root: root.to_owned(),
            member: member.map(str::to_owned),
            field: field.map(str::to_owned),
        };
        let known = self.slots.iter().position(|it| *it == slot);
        known.unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        })
    }

    fn refer(
        &mut self,
        root: &str,
        member: Option<&str>,
        field: Option<&str>,
        span: std::ops::Range<usize>,
    ) {
        let reference = Reference {
            root: root.to_owned(),
            member: member.map(str::to_owned),
            field: field.map(str::to_owned),
            span: (span.start, span.end),
        };
        let same = |it: &Reference| {
            (&it.root, &it.member, &it.field)
                == (&reference.root, &reference.member, &reference.field)
        };
        if !self.references.iter().any(same) {
            self.references.push(reference);
        }
    }

    fn unknown_name(&self, name: &str, span: Span) -> Result<Kind, CompileError> {
        let message = format!("there is no variable `{name}` here");
        if self.scope.lenient {
            let missing = true;
            return Ok(Kind::Fails { message, missing });
        }
        let error = CompileError::new(message, span.range());
        let error = match subtraction_hint(self.lexer.source, span) {
            Some(hint) => error.with_hint(hint),
            None => match nearest(name, self.scope.roots.keys().map(String::as_str)) {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error.with_hint(self.visible()),
            },
        };
        Err(error)
    }

    fn visible(&self) -> String {
        let names: Vec<&str> = self.scope.roots.keys().map(String::as_str).collect();
        match names.as_slice() {
            [] => "no variables are visible here".to_owned(),
            _ => format!("visible here: {}", names.join(", ")),
        }
    }
}

fn keyword(name: &str) -> Option<Literal> {
    match name {
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        "null" => Some(Literal::Null),
        _ => None,
    }
}

/// Whether the text begins with this name and not with a longer identifier.
fn stands_at(text: &str, name: &str) -> bool {
    text.strip_prefix(name)
        .is_some_and(|tail| identifier_length(tail) == 0)
}

fn longest_known<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<usize> {
    names
        .filter(|name| stands_at(text, name))
        .map(str::len)
        .max()
}

/// How many bytes of the text are a name with inner hyphens.
fn kebab_length(text: &str) -> usize {
    let mut length = identifier_length(text);
    while length > 0 && text[length..].starts_with('-') {
        match identifier_length(&text[length + 1..]) {
            0 => break,
            more => length += 1 + more,
        }
    }
    length
}

fn unknown_member(root: &str, names: &Names, text: &str, at: usize) -> CompileError {
    let name = &text[..kebab_length(text)];
    let what = match root {
        "steps" => "step",
        "env" => "setting of the environment",
        "flags" => "flag",
        "secrets" => "secret",
        "adapters" => "adapter",
        _ => "field",
    };
    if name.is_empty() {
        return CompileError::new(
            format!("expected the name of a {what} after `{root}.`"),
            at..at,
        );
    }
    let message = format!("there is no {what} `{name}` that `{root}` can name here");
    let error = CompileError::new(message, at..at + name.len());
    let Names::Closed(known) = names else {
        return error;
    };
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => error,
        None => {
            let known: Vec<&str> = known.iter().map(String::as_str).take(12).collect();
            error.with_hint(format!("known: {}", known.join(", ")))
        }
    }
}

/// The form for a field with hyphens, when the unknown name is a part of what looks like one.
fn subtraction_hint(source: &str, span: Span) -> Option<String> {
    let (start, end) = (span.start as usize, span.end as usize);
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let before = &source[..start];
    let begin = before.rfind(|c| !part(c)).map_or(0, |at| {
        at + before[at..].chars().next().map_or(1, char::len_utf8)
    });
    let after = &source[end..];
    let finish = end + after.find(|c| !part(c)).unwrap_or(after.len());
    let name = source[begin..finish].trim_matches('-');
    if !name.contains('-') {
        return None;
    }
    let owner = source[..begin].strip_suffix('.').map_or("input", |owner| {
        let path = |c: char| part(c) || c == '.';
        let from = owner.rfind(|c| !path(c)).map_or(0, |at| {
            at + owner[at..].chars().next().map_or(1, char::len_utf8)
        });
        &owner[from..]
    });
    Some(format!(
        "this is a subtraction; a field with hyphens is written {owner}[\"{name}\"]"
    ))
}
