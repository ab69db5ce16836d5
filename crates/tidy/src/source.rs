//! Rust source taken apart: code without comments and literals, and the comments alone.

/// A source in two views; both have the lines of the original, so that line numbers hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Code; comments and what literals hold are blanks.
    pub code: String,
    /// Comments; all else is blanks.
    pub comments: String,
}

/// Takes a source apart.
#[must_use]
pub fn split(text: &str) -> Source {
    let mut splitter = Splitter {
        rest: text,
        source: Source {
            code: String::with_capacity(text.len()),
            comments: String::new(),
        },
    };
    while !splitter.rest.is_empty() {
        splitter.step();
    }
    splitter.source
}

/// The code without its `#[cfg(test)]` modules; lines are kept.
#[must_use]
pub fn without_test_modules(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(test)]") {
        let (before, from) = rest.split_at(start);
        kept.push_str(before);
        let length = item_length(from);
        kept.extend(from[..length].chars().map(blank));
        rest = &from[length..];
    }
    kept.push_str(rest);
    kept
}

/// The length of the item at the start of the code: to its `;`, or to the brace that closes its first one.
fn item_length(code: &str) -> usize {
    match code.find(['{', ';']) {
        Some(at) if code[at..].starts_with('{') => at + block_length(&code[at..]),
        Some(at) => at + 1,
        None => code.len(),
    }
}

/// The length of the block whose opening brace the code begins with, braces included.
#[must_use]
pub fn block_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in code.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

fn blank(character: char) -> char {
    if character == '\n' { '\n' } else { ' ' }
}

struct Splitter<'a> {
    rest: &'a str,
    source: Source,
}

impl Splitter<'_> {
    fn step(&mut self) {
        if self.rest.starts_with("//") {
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            self.comment(length);
        } else if self.rest.starts_with("/*") {
            self.comment(block_comment_length(self.rest));
        } else if let Some(length) = literal_length(self.rest) {
            self.literal(length);
        } else {
            self.code(word_length(self.rest));
        }
    }

    fn comment(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.source.comments.push_str(taken);
        self.source.code.extend(taken.chars().map(blank));
        self.rest = rest;
    }

    fn literal(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        let blanks: String = taken.chars().map(blank).collect();
        self.source.code.push_str(&blanks);
        self.source.comments.push_str(&blanks);
        self.rest = rest;
    }

    fn code(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.source.code.push_str(taken);
        self.source.comments.extend(taken.chars().map(blank));
        self.rest = rest;
    }
}

/// A whole word, so that the `r` at the end of one does not begin a raw string; else one character.
fn word_length(text: &str) -> usize {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let word = text
        .find(|character| !is_word(character))
        .unwrap_or(text.len());
    let first = text.chars().next().map_or(0, char::len_utf8);
    word.max(first)
}

fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of the string or character literal that the text begins with, if it does.
fn literal_length(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let after = text.strip_prefix(prefix).unwrap_or_default();
        after.starts_with('"') || (after.starts_with('#') && prefix.ends_with('r'))
    });
    match prefix {
        Some(prefix) if prefix.ends_with('r') => raw_length(text, prefix.len()),
        Some(prefix) => Some(quoted_length(text, prefix.len(), '"')),
        None => character_length(text),
    }
}

/// From the quote at `start` to the one that closes it.
fn quoted_length(text: &str, start: usize, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text[start + 1..].char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            found if found == quote => return start + at + 2,
            _ => {}
        }
    }
    text.len()
}

/// `r"..."`, `r#"..."#`; a raw identifier (`r#type`) is none.
fn raw_length(text: &str, start: usize) -> Option<usize> {
    let hashes = text[start..]
        .chars()
        .take_while(|character| *character == '#')
        .count();
    let body = text[start + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(start + hashes + 1 + length)
}

/// `'x'`, `'\n'`, `b'x'`; a lifetime is none.
fn character_length(text: &str) -> Option<usize> {
    let start = usize::from(text.starts_with("b'"));
    let body = text[start..].strip_prefix('\'')?;
    let mut characters = body.chars();
    let first = characters.next()?;
    let closed = first == '\\' || characters.next() == Some('\'');
    closed.then(|| quoted_length(text, start, '\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str) {
        let source = split(text);
        assert_eq!(source.code, code, "{text}");
        assert_eq!(
            source.code.lines().count(),
            source.comments.lines().count(),
            "{text}"
        );
    }

    #[test]
    fn comments_and_literals_are_blank_in_code() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("}{ \" // x", g)"#, "f(            , g)");
        check(r###"r#"} " {"# x"###, "           x");
        check("'{' '\\'' b'}' x", "              x");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check("r#type = for\"x\"", "r#type = for   ");
        check("\"ä\n{\"", "  \n  ");
    }

    #[test]
    fn comments_are_kept_apart() {
        let source = split("a(\"// no\"); // yes\nb");
        assert_eq!(source.comments.trim(), "// yes");
    }

    #[test]
    fn test_modules_are_blank() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\nfn c() {}";
        let kept = without_test_modules(code);
        assert!(
            kept.contains("fn a") && kept.contains("fn c") && !kept.contains("fn b"),
            "{kept}"
        );
        assert_eq!(kept.lines().count(), code.lines().count());
        assert_eq!(
            without_test_modules("#[cfg(test)]\nmod tests;\nfn c() {}").trim(),
            "fn c() {}"
        );
    }
}
