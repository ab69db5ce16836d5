//! Data on standard output: a table, JSON or YAML.

use std::io::Write;

use api::{Exit, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::args::Format;
use crate::failure::Failure;
use crate::terminal;

/// How data is printed.
#[derive(Clone, Copy, Debug)]
pub struct Output(Format);

impl Output {
    /// As asked; else a table on a terminal and JSON elsewhere.
    pub fn new(asked: Option<Format>) -> Self {
        let fitting = if terminal::is_terminal() {
            Format::Table
        } else {
            Format::Json
        };
        Self(asked.unwrap_or(fitting))
    }

    /// Whether people read it.
    pub fn is_table(self) -> bool {
        self.0 == Format::Table
    }

    /// Prints a server's answer; `table` makes the text for people.
    pub fn show<T: DeserializeOwned>(
        self,
        body: &str,
        table: impl FnOnce(&T) -> String,
    ) -> Result<Exit, Failure> {
        let text = match self.0 {
            Format::Json => body.trim_end().to_owned(),
            Format::Yaml => yaml(&parse::<serde_json::Value>(body)?)?,
            Format::Table => table(&parse(body)?),
        };
        print(&text)?;
        Ok(Exit::Well)
    }

    /// Prints a value of ours likewise.
    pub fn show_value<T: Serialize + DeserializeOwned>(
        self,
        value: &T,
        table: impl FnOnce(&T) -> String,
    ) -> Result<Exit, Failure> {
        self.show(&json(value)?, table)
    }
}

/// Prints a line; a reader that has gone away (`| head`) ends the process quietly.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Err(Failure::silent(Exit::Well))
        }
        written => Ok(written?),
    }
}

/// The answer as what it should be.
pub fn parse<T: DeserializeOwned>(body: &str) -> Result<T, Failure> {
    let unreadable = |error| {
        let message = format!("the server's answer cannot be read: {error}");
        Failure::new(api::Code::UNREACHABLE, message)
    };
    serde_json::from_str(body).map_err(unreadable)
}

/// A value as JSON text.
pub fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::usage(error.to_string()))
}

/// A value as YAML text.
pub fn yaml(value: &serde_json::Value) -> Result<String, Failure> {
    serde_saphyr::to_string(value).map_err(|error| Failure::usage(error.to_string()))
}

/// Columns under a heading.
pub fn columns(heading: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let heading: Vec<String> = heading.iter().map(|word| (*word).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
    aligned(&rows)
}

/// Names and values, a line each; an empty value has no line.
pub fn fields(rows: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let there = rows.into_iter().filter(|(_, value)| !value.is_empty());
    let rows: Vec<Vec<String>> = there
        .map(|(name, value)| vec![name.to_owned(), value])
        .collect();
    aligned(&rows)
}

/// Rows whose cells begin in the same columns.
fn aligned(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| seen(cell))
            .max()
    };
    let widths: Vec<usize> = (0..count)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let padded = cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - seen(cell))));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// How many columns a text takes: colours take none.
fn seen(text: &str) -> usize {
    let mut count = 0;
    let mut in_colour = false;
    for c in text.chars() {
        match (in_colour, c) {
            (false, '\u{1b}') => in_colour = true,
            (true, 'm') => in_colour = false,
            (true, _) => {}
            (false, _) => count += 1,
        }
    }
    count
}

/// A time for people: to the second, UTC.
pub fn moment(at: Time) -> String {
    let text = at.to_string();
    text.get(..19)
        .map_or_else(|| text.clone(), |seconds| seconds.replace('T', " "))
}

/// A time that may be missing.
pub fn moment_of(at: Option<Time>) -> String {
    at.map(moment).unwrap_or_default()
}

/// At most so many characters, on one line.
pub fn brief(text: &str, most: usize) -> String {
    let line = text.replace(['\n', '\r'], " ");
    if line.chars().count() <= most {
        return line;
    }
    let mut cut: String = line.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_in_columns_whatever_their_colour() {
        let rows = [vec![
            "a".to_owned(),
            "\u{1b}[32mok\u{1b}[0m".to_owned(),
            "x".to_owned(),
        ]];
        let text = columns(&["LONG", "B", "C"], rows);
        assert_eq!(text, "LONG  B   C\na     \u{1b}[32mok\u{1b}[0m  x");
        assert_eq!(
            fields([("id", "7".into()), ("empty", String::new())]),
            "id  7"
        );
        assert_eq!(brief("a\nbcd", 4), "a b…");
    }
}
