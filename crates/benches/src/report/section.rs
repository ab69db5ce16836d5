//! What one measurement hands to the report.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use super::{Plot, Table};

/// Figures of one measurement.
#[derive(Debug)]
pub(crate) struct Section {
    /// All of them, for programs.
    pub(crate) figures: Value,
    /// The tables, each below the one before.
    pub(crate) tables: Vec<Table>,
    /// The plots, below the tables.
    pub(crate) plots: Vec<Plot>,
    /// Sentences below them.
    pub(crate) notes: Vec<String>,
}

impl Section {
    /// A section with these figures and nothing to look at yet.
    pub(crate) fn of(figures: &impl Serialize) -> Result<Self> {
        Ok(Self {
            figures: serde_json::to_value(figures)?,
            tables: Vec::new(),
            plots: Vec::new(),
            notes: Vec::new(),
        })
    }

    /// With a table.
    pub(crate) fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// With a plot.
    pub(crate) fn plot(mut self, plot: Plot) -> Self {
        self.plots.push(plot);
        self
    }
}
