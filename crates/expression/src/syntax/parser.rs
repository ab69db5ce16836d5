use super::ast::{Arithmetic, Comparison, Expr, Kind, MapEntry, Slot, Span};
use super::lexer::{Lexer, Token};
use super::literal;
use crate::{CompileError, MAX_DEPTH, MAX_LENGTH, Reference, Scope};

/// The highest syntax tree: a level of nesting makes up to three nodes.
const MAX_TREE: u16 = 300;

/// A resolved expression and what it asks of its variables.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) expr: Expr,
    pub(crate) slots: Vec<Slot>,
    pub(crate) references: Vec<Reference>,
}

/// Parses and resolves an expression.
pub(crate) fn parse(source: &str, scope: &Scope) -> Result<Parsed, CompileError> {
    check_length(source)?;
    let mut lexer = Lexer::new(source);
    let (token, span) = lexer.next()?;
    if token == Token::End {
        return Err(CompileError::new(
            "the expression is empty",
            0..source.len(),
        ));
    }
    let mut parser = Parser {
        lexer,
        token,
        span,
        scope,
        locals: Vec::new(),
        nesting: 0,
        slots: Vec::new(),
        references: Vec::new(),
    };
    let expr = parser.expression()?;
    if parser.token != Token::End {
        return Err(parser.unexpected("an operator or the end"));
    }
    Ok(Parsed {
        expr,
        slots: parser.slots,
        references: parser.references,
    })
}

fn check_length(source: &str) -> Result<(), CompileError> {
    if source.len() <= MAX_LENGTH {
        return Ok(());
    }
    let message = format!(
        "expected an expression of at most {MAX_LENGTH} bytes, but it has {}",
        source.len()
    );
    Err(CompileError::new(message, 0..source.len())
        .with_hint("compute parts of it in a `set` step before"))
}

/// A recursive descent over one token; `span` is the place of `token`, the lexer stands behind it.
pub(super) struct Parser<'s> {
    pub(super) lexer: Lexer<'s>,
    pub(super) token: Token,
    pub(super) span: Span,
    pub(super) scope: &'s Scope,
    /// The variables of the enclosing loops and binds, innermost last.
    pub(super) locals: Vec<String>,
    pub(super) slots: Vec<Slot>,
    pub(super) references: Vec<Reference>,
    nesting: usize,
}

impl<'s> Parser<'s> {
    pub(super) fn expression(&mut self) -> Result<Expr, CompileError> {
        if self.nesting >= MAX_DEPTH {
            return Err(too_deep(self.span));
        }
        self.nesting += 1;
        let expr = self.conditional();
        self.nesting -= 1;
        expr
    }

    fn conditional(&mut self) -> Result<Expr, CompileError> {
        let condition = self.or()?;
        if !self.accept("?")? {
            return Ok(condition);
        }
        let then = self.expression()?;
        self.expect(":")?;
        let otherwise = self.expression()?;
        let span = condition.span.to(otherwise.span);
        let kind = Kind::Conditional {
            condition: Box::new(condition),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        };
        node(kind, span)
    }

    fn or(&mut self) -> Result<Expr, CompileError> {
        let mut terms = vec![self.and()?];
        while self.accept("||")? {
            terms.push(self.and()?);
        }
        terms_node(terms, Kind::Or)
    }

    fn and(&mut self) -> Result<Expr, CompileError> {
        let mut terms = vec![self.relation()?];
        while self.accept("&&")? {
            terms.push(self.relation()?);
        }
        terms_node(terms, Kind::And)
    }

    fn relation(&mut self) -> Result<Expr, CompileError> {
        let mut left = self.sum()?;
        while let Some(what) = self.comparison() {
            self.advance()?;
            let right = self.sum()?;
            let span = left.span.to(right.span);
            let kind = Kind::Compare {
                what,
                left: Box::new(left),
                right: Box::new(right),
            };
            left = node(kind, span)?;
        }
        Ok(left)
    }

    fn comparison(&self) -> Option<Comparison> {
        Some(match self.token {
            Token::Symbol("==") => Comparison::Equal,
            Token::Symbol("!=") => Comparison::NotEqual,
            Token::Symbol("<") => Comparison::Less,
            Token::Symbol("<=") => Comparison::LessEqual,
            Token::Symbol(">") => Comparison::Greater,
            Token::Symbol(">=") => Comparison::GreaterEqual,
            Token::Identifier if self.text() == "in" => Comparison::In,
            _ => return None,
        })
    }

    fn sum(&mut self) -> Result<Expr, CompileError> {
        let first = self.product()?;
        let mut rest = Vec::new();
        loop {
            let operator = match self.token {
                Token::Symbol("+") => Arithmetic::Add,
                Token::Symbol("-") => Arithmetic::Subtract,
                _ => return chain(first, rest),
            };
            self.advance()?;
            rest.push((operator, self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expr, CompileError> {
        let first = self.unary()?;
        let mut rest = Vec::new();
        loop {
            let operator = match self.token {
                Token::Symbol("*") => Arithmetic::Multiply,
                Token::Symbol("/") => Arithmetic::Divide,
                Token::Symbol("%") => Arithmetic::Remainder,
                _ => return chain(first, rest),
            };
            self.advance()?;
            rest.push((operator, self.unary()?));
        }
    }

    fn unary(&mut self) -> Result<Expr, CompileError> {
        let mut operators = Vec::new();
        while let Token::Symbol(symbol @ ("!" | "-")) = self.token {
            operators.push((symbol, self.span));
            self.advance()?;
        }
        let number = matches!(self.token, Token::Int | Token::Double);
        let negative = number && operators.last().is_some_and(|(symbol, _)| *symbol == "-");
        if negative {
            operators.pop();
        }
        let mut expr = self.postfix(negative)?;
        for (symbol, start) in operators.into_iter().rev() {
            let span = start.to(expr.span);
            let operand = Box::new(expr);
            let kind = if symbol == "!" {
                Kind::Not(operand)
            } else {
                Kind::Negate(operand)
            };
            expr = node(kind, span)?;
        }
        Ok(expr)
    }

    fn postfix(&mut self, negative: bool) -> Result<Expr, CompileError> {
        let mut expr = self.primary(negative)?;
        loop {
            expr = if self.accept(".")? {
                self.select(expr)?
            } else if self.accept("[")? {
                self.index(expr)?
            } else {
                return Ok(expr);
            };
        }
    }

    /// What follows a dot: a field or a call.
    fn select(&mut self, operand: Expr) -> Result<Expr, CompileError> {
        let optional = self.accept("?")?;
        let text = self.text();
        let name = match self.token {
            Token::Identifier if text != "in" => text,
            Token::Quoted => &text[1..text.len() - 1],
            _ => return Err(self.unexpected("the name of a field")),
        };
        let span = self.span;
        let callable = self.token == Token::Identifier && !optional;
        self.advance()?;
        if callable && self.token == Token::Symbol("(") {
            return self.method(operand, name, span);
        }
        let whole = operand.span.to(span);
        let kind = Kind::Select {
            operand: Box::new(operand),
            field: name.into(),
            optional,
        };
        node(kind, whole)
    }

    fn index(&mut self, operand: Expr) -> Result<Expr, CompileError> {
        let optional = self.accept("?")?;
        let index = self.expression()?;
        let span = operand.span.to(self.span);
        self.expect("]")?;
        let kind = Kind::Index {
            operand: Box::new(operand),
            index: Box::new(index),
            optional,
        };
        node(kind, span)
    }

    fn primary(&mut self, negative: bool) -> Result<Expr, CompileError> {
        let span = self.span;
        match self.token {
            Token::Int | Token::Uint | Token::Double | Token::String | Token::Bytes => {
                let literal = literal::read(self.token, self.text(), span, negative)?;
                self.advance()?;
                node(Kind::Literal(literal), span)
            }
            Token::Identifier => self.identifier(false),
            Token::Symbol(".") => {
                self.advance()?;
                match self.token {
                    Token::Identifier => self.identifier(true),
                    _ => Err(self.unexpected("a name")),
                }
            }
            Token::Symbol("(") => {
                self.advance()?;
                let mut inner = self.expression()?;
                inner.span = span.to(self.span);
                self.expect(")")?;
                Ok(inner)
            }
            Token::Symbol("[") => self.list(),
            Token::Symbol("{") => self.map(),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn list(&mut self) -> Result<Expr, CompileError> {
        let start = self.span;
        self.advance()?;
        let mut items = Vec::new();
        while self.token != Token::Symbol("]") {
            let optional = self.accept("?")?;
            items.push((optional, self.expression()?));
            if !self.accept(",")? {
                break;
            }
        }
        let span = start.to(self.span);
        self.expect("]")?;
        node(Kind::List(items), span)
    }

    fn map(&mut self) -> Result<Expr, CompileError> {
        let start = self.span;
        self.advance()?;
        let mut entries = Vec::new();
        while self.token != Token::Symbol("}") {
            let optional = self.accept("?")?;
            let key = self.expression()?;
            self.expect(":")?;
            let value = self.expression()?;
            entries.push(MapEntry {
                key,
                value,
                optional,
            });
            if !self.accept(",")? {
                break;
            }
        }
        let span = start.to(self.span);
        self.expect("}")?;
        node(Kind::Map(entries), span)
    }

    /// The arguments of a call up to and with the closing bracket; the current token is the first one's.
    pub(super) fn arguments(&mut self) -> Result<Vec<Expr>, CompileError> {
        let mut arguments = Vec::new();
        while self.token != Token::Symbol(")") {
            arguments.push(self.expression()?);
            if !self.accept(",")? {
                break;
            }
        }
        self.expect(")")?;
        Ok(arguments)
    }

    pub(super) fn text(&self) -> &'s str {
        &self.lexer.source[self.span.range()]
    }

    pub(super) fn advance(&mut self) -> Result<(), CompileError> {
        (self.token, self.span) = self.lexer.next()?;
        Ok(())
    }

    pub(super) fn accept(&mut self, symbol: &'static str) -> Result<bool, CompileError> {
        let found = self.token == Token::Symbol(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    pub(super) fn expect(&mut self, symbol: &'static str) -> Result<(), CompileError> {
        if self.accept(symbol)? {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{symbol}`")))
    }

    pub(super) fn unexpected(&self, expected: &str) -> CompileError {
        let found = match self.token {
            Token::End => "the expression ends".to_owned(),
            _ => format!("found `{}`", self.text()),
        };
        CompileError::new(
            format!("expected {expected}, but {found}"),
            self.span.range(),
        )
    }
}

pub(super) fn node(kind: Kind, span: Span) -> Result<Expr, CompileError> {
    let depth = kind.child_depth() + 1;
    if depth > MAX_TREE {
        return Err(too_deep(span));
    }
    Ok(Expr { kind, span, depth })
}

fn too_deep(span: Span) -> CompileError {
    let message = format!("the expression is nested more than {MAX_DEPTH} levels deep");
    CompileError::new(message, span.range()).with_hint("compute parts of it in a `set` step before")
}

fn chain(first: Expr, rest: Vec<(Arithmetic, Expr)>) -> Result<Expr, CompileError> {
    let Some((_, last)) = rest.last() else {
        return Ok(first);
    };
    let span = first.span.to(last.span);
    let first = Box::new(first);
    node(Kind::Chain { first, rest }, span)
}

fn terms_node(
    mut terms: Vec<Expr>,
    kind: impl FnOnce(Vec<Expr>) -> Kind,
) -> Result<Expr, CompileError> {
    if terms.len() > 1 {
        let span = terms[0].span.to(terms[terms.len() - 1].span);
        return node(kind(terms), span);
    }
    Ok(terms.remove(0))
}
