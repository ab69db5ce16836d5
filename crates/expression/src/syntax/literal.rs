use super::ast::{Literal, Span};
use super::lexer::Token;
use crate::CompileError;

/// The value of a literal token. `negative` when a minus stands directly before an int or double.
pub(super) fn read(
    token: Token,
    text: &str,
    span: Span,
    negative: bool,
) -> Result<Literal, CompileError> {
    let out_of_range = || CompileError::new(format!("`{text}` is out of range"), span.range());
    match token {
        Token::Int => int(text, negative)
            .map(Literal::Int)
            .ok_or_else(out_of_range),
        Token::Uint => {
            let digits = &text[..text.len() - 1];
            magnitude(digits)
                .map(Literal::Uint)
                .ok_or_else(out_of_range)
        }
        Token::Double => {
            let value: f64 = text.parse().map_err(|_| out_of_range())?;
            Ok(Literal::Double(if negative { -value } else { value }))
        }
        _ => string(text, span, token == Token::Bytes),
    }
}

fn magnitude(text: &str) -> Option<u64> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match hex {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn int(text: &str, negative: bool) -> Option<i64> {
    let value = i128::from(magnitude(text)?);
    i64::try_from(if negative { -value } else { value }).ok()
}

fn string(text: &str, span: Span, bytes: bool) -> Result<Literal, CompileError> {
    let prefix = text.find(['"', '\'']).unwrap_or(0);
    let raw = text[..prefix].contains(['r', 'R']);
    let body = &text[prefix..];
    let triple = body.len() >= 6 && (body.starts_with("\"\"\"") || body.starts_with("'''"));
    let quotes = if triple { 3 } else { 1 };
    let body = &body[quotes..body.len() - quotes];
    let start = span.start as usize + prefix + quotes;
    let mut out = Vec::with_capacity(body.len());
    if raw {
        out.extend_from_slice(body.as_bytes());
    } else {
        unescape(body, start, bytes, &mut out)?;
    }
    if bytes {
        return Ok(Literal::Bytes(out.into()));
    }
    let text = String::from_utf8(out)
        .map_err(|_| CompileError::new("this text is not valid Unicode", span.range()))?;
    Ok(Literal::String(text.into()))
}

fn unescape(body: &str, start: usize, bytes: bool, out: &mut Vec<u8>) -> Result<(), CompileError> {
    let mut at = 0;
    while let Some(found) = body[at..].find('\\') {
        out.extend_from_slice(&body.as_bytes()[at..at + found]);
        let escape = &body[at + found..];
        let length = escape_sequence(escape, bytes, out).ok_or_else(|| {
            let shown: String = escape.chars().take(2).collect();
            let place = start + at + found;
            let message = format!("`{shown}` does not begin a valid escape sequence");
            CompileError::new(message, place..place + shown.len())
                .with_hint("write `\\\\` for a backslash, or a raw text r'...'")
        })?;
        at += found + length;
    }
    out.extend_from_slice(&body.as_bytes()[at..]);
    Ok(())
}

/// Writes what the escape at the start of the text means; gives its length.
fn escape_sequence(text: &str, bytes: bool, out: &mut Vec<u8>) -> Option<usize> {
    let letter = text[1..].chars().next()?;
    let plain = match letter {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' | '\'' | '"' | '`' | '?' => u8::try_from(letter).ok()?,
        _ => return numeric_escape(text, letter, bytes, out),
    };
    out.push(plain);
    Some(2)
}

fn numeric_escape(text: &str, letter: char, bytes: bool, out: &mut Vec<u8>) -> Option<usize> {
    let (digits, radix, from) = match letter {
        'x' | 'X' => (2, 16, 2),
        'u' if !bytes => (4, 16, 2),
        'U' if !bytes => (8, 16, 2),
        '0'..='3' => (3, 8, 1),
        _ => return None,
    };
    let digits_text = text.get(from..from + digits)?;
    if !digits_text.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let code = u32::from_str_radix(digits_text, radix).ok()?;
    if bytes {
        out.push(u8::try_from(code).ok()?);
    } else {
        let mut buffer = [0; 4];
        let character = char::from_u32(code)?;
        out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
    }
    Some(from + digits)
}
