//! Calls: ordinary functions, and the macros that bind variables.

use super::ast::{Comprehension, Expr, Kind, Literal, Loop, Span};
use super::lexer::Token;
use super::nearest::nearest;
use super::parser::{Parser, node};
use crate::CompileError;
use crate::functions::{self, Style};

impl Parser<'_> {
    /// A call without an operand; the current token is its opening bracket.
    pub(super) fn global_call(&mut self, name: &str, start: Span) -> Result<Expr, CompileError> {
        self.expect("(")?;
        match name {
            "has" => self.has(start),
            "group" => self.group(start),
            "cel.bind" => self.bind(start),
            _ => {
                let arguments = self.arguments()?;
                self.call(name, Style::Global, arguments, start)
            }
        }
    }

    /// A call on an operand; the current token is its opening bracket.
    pub(super) fn method(
        &mut self,
        operand: Expr,
        name: &str,
        name_span: Span,
    ) -> Result<Expr, CompileError> {
        self.expect("(")?;
        if let Some(rule) = LOOPS.iter().find(|rule| rule.name == name) {
            return self.looping(operand, rule);
        }
        match name {
            "optMap" | "optFlatMap" => self.map_optional(operand, name == "optFlatMap"),
            "or" | "orValue" => self.or_else(operand, name == "orValue"),
            _ => {
                let mut arguments = vec![operand];
                arguments.extend(self.arguments()?);
                self.call(name, Style::Method, arguments, name_span)
            }
        }
    }

    fn call(
        &mut self,
        name: &str,
        style: Style,
        mut arguments: Vec<Expr>,
        span: Span,
    ) -> Result<Expr, CompileError> {
        let whole = arguments.iter().fold(span, |whole, argument| Span {
            start: whole.start.min(argument.span.start),
            end: whole.end.max(argument.span.end),
        });
        if name == "matches"
            && let [_, pattern] = arguments.as_slice()
            && let Kind::Literal(Literal::String(literal)) = &pattern.kind
        {
            let (compiled, at) = (functions::pattern(literal), pattern.span);
            let text = Box::new(arguments.swap_remove(0));
            return match compiled {
                Ok(compiled) => {
                    let pattern = Box::new(compiled);
                    node(Kind::Matches { text, pattern }, whole)
                }
                Err(message) => self.fails(CompileError::new(message, at.range()), whole),
            };
        }
        let function = match functions::find(name, style) {
            Some(function) => function,
            None => return self.fails(unknown_function(name, style, span), whole),
        };
        let given = arguments.len();
        if given < function.least || given > function.most {
            let message = format!("`{name}` does not take {}", count(given, style));
            return self.fails(CompileError::new(message, span.range()), whole);
        }
        let kind = Kind::Call {
            function,
            arguments,
        };
        node(kind, whole)
    }

    /// In a lenient scope a call that cannot succeed fails only when it is evaluated.
    fn fails(&self, error: CompileError, span: Span) -> Result<Expr, CompileError> {
        if !self.scope.lenient {
            return Err(error);
        }
        let kind = Kind::Fails {
            message: error.message,
            missing: false,
        };
        node(kind, span)
    }

    fn has(&mut self, start: Span) -> Result<Expr, CompileError> {
        let operand = self.expression()?;
        let span = start.to(self.span);
        let field = matches!(operand.kind, Kind::Select { .. } | Kind::Fails { .. });
        let variable = matches!(&operand.kind, Kind::Variable { slot, .. }
            if self.slots[*slot].member.is_some());
        if !field && !variable {
            let message = "`has` takes a field, such as has(input.customer)";
            return Err(CompileError::new(message, operand.span.range()));
        }
        self.expect(")")?;
        node(Kind::Has(Box::new(operand)), span)
    }

    fn group(&mut self, start: Span) -> Result<Expr, CompileError> {
        let range = self.expression()?;
        self.expect(",")?;
        self.local()?;
        let body = self.expression()?;
        self.locals.pop();
        let span = start.to(self.span);
        self.expect(")")?;
        let kind = Kind::Comprehension(Box::new(Comprehension {
            what: Loop::Group,
            range,
            variables: 1,
            condition: None,
            body,
        }));
        node(kind, span)
    }

    fn bind(&mut self, start: Span) -> Result<Expr, CompileError> {
        self.local()?;
        // The variable is not visible in its own value.
        let name = self.locals.pop().unwrap_or_default();
        let value = Box::new(self.expression()?);
        self.expect(",")?;
        self.locals.push(name);
        let body = Box::new(self.expression()?);
        self.locals.pop();
        let span = start.to(self.span);
        self.expect(")")?;
        node(Kind::Bind { value, body }, span)
    }

    fn looping(&mut self, range: Expr, rule: &LoopRule) -> Result<Expr, CompileError> {
        let start = range.span;
        let outer = self.locals.len();
        self.local()?;
        if rule.pairs == Pairs::Always || (rule.pairs == Pairs::Maybe && self.pair_follows()) {
            self.local()?;
        }
        let variables = if self.locals.len() - outer == 2 { 2 } else { 1 };
        let first = self.expression()?;
        let second = match rule.filters && self.accept(",")? {
            true => Some(self.expression()?),
            false => None,
        };
        self.locals.truncate(outer);
        let span = start.to(self.span);
        self.expect(")")?;
        let (condition, body) = match second {
            Some(body) => (Some(first), body),
            None => (None, first),
        };
        let kind = Kind::Comprehension(Box::new(Comprehension {
            what: rule.what,
            range,
            variables,
            condition,
            body,
        }));
        node(kind, span)
    }

    fn map_optional(&mut self, operand: Expr, flat: bool) -> Result<Expr, CompileError> {
        self.local()?;
        let body = Box::new(self.expression()?);
        self.locals.pop();
        let span = operand.span.to(self.span);
        self.expect(")")?;
        let operand = Box::new(operand);
        let kind = Kind::MapOptional {
            operand,
            body,
            flat,
        };
        node(kind, span)
    }

    fn or_else(&mut self, operand: Expr, value: bool) -> Result<Expr, CompileError> {
        let alternative = Box::new(self.expression()?);
        let span = operand.span.to(self.span);
        self.expect(")")?;
        let operand = Box::new(operand);
        let kind = Kind::OrElse {
            operand,
            alternative,
            value,
        };
        node(kind, span)
    }

    /// Reads `name,` and makes the name a local.
    fn local(&mut self) -> Result<(), CompileError> {
        let name = self.text();
        let free =
            self.token == Token::Identifier && !matches!(name, "true" | "false" | "null" | "in");
        if !free {
            return Err(self.unexpected("the name of a variable"));
        }
        self.advance()?;
        self.locals.push(name.to_owned());
        self.expect(",")
    }

    /// Whether `name,` follows, which makes it the second variable.
    fn pair_follows(&self) -> bool {
        let mut ahead = self.lexer.clone();
        let comma = ahead
            .next()
            .is_ok_and(|(token, _)| token == Token::Symbol(","));
        self.token == Token::Identifier && comma
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pairs {
    Never,
    Maybe,
    Always,
}

/// One loop macro: whether it binds one variable or two, and whether a condition may stand before its body.
struct LoopRule {
    name: &'static str,
    what: Loop,
    pairs: Pairs,
    filters: bool,
}

const fn rule(name: &'static str, what: Loop, pairs: Pairs, filters: bool) -> LoopRule {
    LoopRule {
        name,
        what,
        pairs,
        filters,
    }
}

const LOOPS: [LoopRule; 9] = [
    rule("all", Loop::All, Pairs::Maybe, false),
    rule("exists", Loop::Exists, Pairs::Maybe, false),
    rule("exists_one", Loop::ExistsOne, Pairs::Maybe, false),
    rule("existsOne", Loop::ExistsOne, Pairs::Maybe, false),
    rule("filter", Loop::Filter, Pairs::Never, false),
    rule("map", Loop::List, Pairs::Never, true),
    rule("transformList", Loop::List, Pairs::Always, true),
    rule("transformMap", Loop::Map, Pairs::Always, true),
    rule("sortBy", Loop::SortBy, Pairs::Never, false),
];

const MACROS: [&str; 7] = [
    "has",
    "group",
    "optMap",
    "optFlatMap",
    "or",
    "orValue",
    "cel.bind",
];

fn unknown_function(name: &str, style: Style, span: Span) -> CompileError {
    let loops = LOOPS.iter().map(|rule| rule.name);
    let known = functions::names(style).chain(loops).chain(MACROS);
    let error = CompileError::new(format!("there is no function `{name}`"), span.range());
    let other = match style {
        Style::Global => functions::find(name, Style::Method).map(|_| format!("value.{name}(...)")),
        Style::Method => functions::find(name, Style::Global).map(|_| format!("{name}(value)")),
    };
    match (other, nearest(name, known)) {
        (Some(form), _) => error.with_hint(format!("write {form}")),
        (None, Some(near)) => error.with_hint(format!("did you mean `{near}`?")),
        (None, None) => error,
    }
}

fn count(given: usize, style: Style) -> String {
    let given = given - usize::from(style == Style::Method);
    match given {
        0 => "no arguments here".to_owned(),
        1 => "one argument here".to_owned(),
        _ => format!("{given} arguments here"),
    }
}
