//! How long functions are.

use crate::source::block_length;

/// A function with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// Lines from its `fn` to its closing brace.
    pub length: usize,
}

/// All functions in code that has neither comments nor literals (see [`crate::source::split`]), nested ones too.
#[must_use]
pub fn functions(code: &str) -> Vec<Function> {
    let keywords = code
        .match_indices("fn ")
        .filter(|(at, _)| begins_word(code, *at));
    keywords.filter_map(|(at, _)| function(code, at)).collect()
}

fn begins_word(code: &str, at: usize) -> bool {
    let before = code[..at].chars().next_back();
    !before.is_some_and(|character| character.is_alphanumeric() || character == '_')
}

fn function(code: &str, at: usize) -> Option<Function> {
    let from = &code[at..];
    let name: String = from["fn ".len()..]
        .chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect();
    // A pointer type (`fn (u8)`) has no name, a trait's promise no body.
    let body = body_start(from).filter(|_| !name.is_empty())?;
    let end = body + block_length(&from[body..]);
    Some(Function {
        name,
        line: code[..at].matches('\n').count() + 1,
        length: from[..end].matches('\n').count() + 1,
    })
}

/// Where the body's brace is; none when a `;` outside all brackets comes first.
fn body_start(from: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in from.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '{' if depth == 0 => return Some(at),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expected: &[(&str, usize, usize)]) {
        let found = functions(code);
        let found: Vec<_> = found
            .iter()
            .map(|f| (f.name.as_str(), f.line, f.length))
            .collect();
        assert_eq!(found, expected, "{code}");
    }

    #[test]
    fn lengths() {
        check("fn a() {}", &[("a", 1, 1)]);
        check(
            "\nfn a(\n    x: [u8; 2],\n) -> u8 {\n    x[0]\n}\n",
            &[("a", 2, 5)],
        );
        check("trait T { fn a(&self); fn b(&self) {} }", &[("b", 1, 1)]);
        check(
            "fn a() {\n    fn b() {\n    }\n}",
            &[("a", 1, 4), ("b", 2, 2)],
        );
        check("type F = fn (u8); let often = 1;", &[]);
    }
}
