//! Tables in Markdown.

use std::fmt::Write as _;

use crate::spread::Spread;

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self {
            head: head.map(str::to_owned).to_vec(),
            rows: Vec::new(),
        }
    }

    /// With one more row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// As Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "| {} |\n|{}\n",
            self.head.join(" | "),
            " --- |".repeat(self.head.len())
        );
        for row in &self.rows {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

/// The median, and beside it the lowest and the highest where there is more than one.
pub(crate) fn cell(figures: impl IntoIterator<Item = f64>) -> String {
    let figures: Vec<f64> = figures.into_iter().collect();
    let spread = Spread::of(figures.iter().copied());
    let digits = digits(spread.highest);
    let shown = |figure: f64| format!("{figure:.digits$}");
    match figures.len() {
        0 => "-".to_owned(),
        1 => shown(spread.median),
        _ => {
            let [median, lowest, highest] =
                [spread.median, spread.lowest, spread.highest].map(shown);
            format!("{median} ({lowest} to {highest})")
        }
    }
}

/// Decimals that leave about three digits that count.
pub(super) fn digits(figure: f64) -> usize {
    match figure.abs() {
        below if below < 0.1 => 4,
        below if below < 10.0 => 2,
        below if below < 100.0 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_the_median_and_the_spread() {
        assert_eq!(cell([3.0, 1.0, 2.0]), "2.00 (1.00 to 3.00)");
        assert_eq!(cell([12_345.6]), "12346");
        assert_eq!(cell([]), "-");
    }

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new(["a", "b"]);
        table.row(["1".to_owned(), "2".to_owned()]);
        assert_eq!(table.markdown(), "| a | b |\n| --- | --- |\n| 1 | 2 |\n");
    }
}
