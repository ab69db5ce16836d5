use super::ast::Span;
use crate::CompileError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    End,
    Identifier,
    /// A name in backticks, which may hold other characters.
    Quoted,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    /// An operator or bracket.
    Symbol(&'static str),
}

/// Longer symbols come first, since the first that fits is taken.
const SYMBOLS: [&str; 25] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", "+", "-", "*", "/", "%", "(", ")",
    "[", "]", "{", "}", ".", ",", "=",
];

/// Reads one token at a time; cloning it looks ahead.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'s> {
    pub(super) source: &'s str,
    pub(super) position: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            source,
            position: 0,
        }
    }

    pub(super) fn rest(&self) -> &'s str {
        &self.source[self.position..]
    }

    /// The next token and its place.
    pub(super) fn next(&mut self) -> Result<(Token, Span), CompileError> {
        self.skip_blank();
        let start = self.position;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok((Token::End, Span::new(start, start)));
        };
        let token = if let Some((prefix, raw, bytes)) = string_prefix(rest) {
            self.string(prefix, raw)?;
            if bytes { Token::Bytes } else { Token::String }
        } else if first.is_ascii_alphabetic() || first == '_' {
            self.position += identifier_length(rest);
            Token::Identifier
        } else if first.is_ascii_digit() || starts_fraction(rest) {
            self.number()?
        } else if first == '`' {
            self.quoted_name()?
        } else {
            self.symbol(first)?
        };
        Ok((token, Span::new(start, self.position)))
    }

    pub(super) fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len()
                - rest
                    .trim_start_matches([' ', '\t', '\r', '\n', '\x0c'])
                    .len();
            self.position += blank;
            if !self.rest().starts_with("//") {
                return;
            }
            let rest = self.rest();
            self.position += rest.find('\n').unwrap_or(rest.len());
        }
    }

    fn symbol(&mut self, first: char) -> Result<Token, CompileError> {
        let found = SYMBOLS
            .iter()
            .find(|symbol| self.rest().starts_with(**symbol));
        if let Some(symbol) = found.filter(|symbol| **symbol != "=") {
            self.position += symbol.len();
            return Ok(Token::Symbol(symbol));
        }
        let span = self.position..self.position + first.len_utf8();
        let error = CompileError::new(format!("`{first}` is not part of an expression"), span);
        Err(match first {
            '=' => error.with_hint("compare with `==`"),
            '&' => error.with_hint("write `&&` for and"),
            '|' => error.with_hint("write `||` for or"),
            _ => error,
        })
    }

    fn number(&mut self) -> Result<Token, CompileError> {
        let start = self.position;
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| {
            bytes[from..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count()
        };
        let mut length;
        let mut token = Token::Int;
        if bytes.len() > 2 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X') {
            let hex = bytes[2..].iter().take_while(|b| b.is_ascii_hexdigit());
            length = 2 + hex.count();
        } else {
            length = digits(0);
            if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
                token = Token::Double;
                length += 1 + digits(length + 1);
            }
            if matches!(bytes.get(length), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
                if bytes.len() > length + 1 + sign && digits(length + 1 + sign) > 0 {
                    token = Token::Double;
                    length += 1 + sign + digits(length + 1 + sign);
                }
            }
        }
        if token == Token::Int && matches!(bytes.get(length), Some(b'u' | b'U')) {
            token = Token::Uint;
            length += 1;
        }
        let trailing = identifier_length(&self.rest()[length..]);
        self.position += length;
        if trailing > 0 {
            let span = start..self.position + trailing;
            let text = &self.source[span.clone()];
            return Err(CompileError::new(format!("`{text}` is not a number"), span));
        }
        Ok(token)
    }

    fn string(&mut self, prefix: usize, raw: bool) -> Result<(), CompileError> {
        let start = self.position;
        let body = &self.source[start + prefix..];
        let quote = &body[..1];
        let triple = quote.repeat(3);
        let delimiter = if body.starts_with(&triple) {
            &triple
        } else {
            quote
        };
        let mut at = start + prefix + delimiter.len();
        while let Some(next) = self.source[at..].chars().next() {
            if self.source[at..].starts_with(delimiter) {
                self.position = at + delimiter.len();
                return Ok(());
            }
            if delimiter.len() == 1 && matches!(next, '\n' | '\r') {
                break;
            }
            at += next.len_utf8();
            if next == '\\' && !raw {
                at += self.source[at..].chars().next().map_or(0, char::len_utf8);
            }
        }
        let message = format!("this text has no closing {delimiter}");
        Err(CompileError::new(message, start..at))
    }

    fn quoted_name(&mut self) -> Result<Token, CompileError> {
        let start = self.position;
        let rest = &self.rest()[1..];
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/ ".contains(c);
        let length = rest.find(|c| !allowed(c)).unwrap_or(rest.len());
        if length == 0 || !rest[length..].starts_with('`') {
            let message = "a name in backticks holds letters, digits, `_ . - /` and spaces";
            return Err(CompileError::new(message, start..start + 1 + length));
        }
        self.position += length + 2;
        Ok(Token::Quoted)
    }
}

/// How many bytes of the text are an identifier's.
pub(super) fn identifier_length(text: &str) -> usize {
    text.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count()
}

fn starts_fraction(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    bytes[0] == b'.' && bytes.get(1).is_some_and(u8::is_ascii_digit)
}

/// The length of a string literal's prefix, whether it is raw and whether it is bytes.
fn string_prefix(rest: &str) -> Option<(usize, bool, bool)> {
    let quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let length = rest.as_bytes().iter().take(3).position(quote)?;
    let (raw, bytes) = match rest.get(..length)?.to_ascii_lowercase().as_str() {
        "" => (false, false),
        "r" => (true, false),
        "b" => (false, true),
        "br" | "rb" => (true, true),
        _ => return None,
    };
    Some((length, raw, bytes))
}

/// Where the brace is that ends the expression at the start of the text: one that is in no text or map of it.
/// The error says why there is none.
pub(crate) fn closing_brace(text: &str) -> Result<usize, CompileError> {
    let mut lexer = Lexer::new(text);
    let mut open = 0_usize;
    let mut failed = None;
    loop {
        match lexer.next() {
            Ok((Token::Symbol("}"), span)) if open == 0 => return Ok(span.start as usize),
            Ok((Token::Symbol("}"), _)) => open -= 1,
            Ok((Token::Symbol("{"), _)) => open += 1,
            Ok((Token::End, span)) => {
                let missing = CompileError::new("expected `}` at the end of `${`", span.range());
                return Err(failed.unwrap_or(missing));
            }
            Ok(_) => {}
            Err(error) => {
                // A name may look like a bad number; whether it is one, the parser says.
                let first = lexer.rest().chars().next().map_or(0, char::len_utf8);
                lexer.position += first;
                failed = failed.or(Some(error));
            }
        }
    }
}
