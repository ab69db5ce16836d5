//! Whether a licence expression can be met with licences that we take.

/// Whether the expression (SPDX, or the older `A/B`) holds when exactly the licences are taken for which `taken` says
/// so. `A WITH exception` is asked as a whole.
#[must_use]
pub fn is_met(expression: &str, taken: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        taken,
    };
    let met = parser.any();
    met && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
    taken: &'a dyn Fn(&str) -> bool,
}

impl Parser<'_> {
    fn next_is(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    fn any(&mut self) -> bool {
        let mut met = self.all();
        while self.next_is("OR") {
            met |= self.all();
        }
        met
    }

    fn all(&mut self) -> bool {
        let mut met = self.one();
        while self.next_is("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.next_is("(") {
            let met = self.any();
            return self.next_is(")") && met;
        }
        let Some((name, rest)) = self.words.split_first() else {
            return false;
        };
        self.words = rest;
        if self.next_is("WITH") {
            let Some((exception, rest)) = self.words.split_first() else {
                return false;
            };
            self.words = rest;
            return (self.taken)(&format!("{name} WITH {exception}"));
        }
        (self.taken)(name)
    }
}

#[cfg(test)]
mod tests {
    use super::is_met;

    fn check(expression: &str, expected: bool) {
        let taken =
            |licence: &str| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&licence);
        assert_eq!(is_met(expression, &taken), expected, "{expression}");
    }

    #[test]
    fn expressions() {
        check("MIT", true);
        check("GPL-3.0-only", false);
        check("GPL-3.0-only OR MIT", true);
        check("MIT/Apache-2.0", true);
        check("MIT AND GPL-3.0-only", false);
        check("ISC AND (GPL-3.0-only OR MIT)", true);
        check("(ISC AND GPL-3.0-only) OR MPL-2.0", false);
        check("Apache-2.0 WITH LLVM-exception OR MPL-2.0", true);
        check("Apache-2.0", false);
        check("", false);
        check("(MIT", false);
        check("MIT ISC", false);
    }
}
