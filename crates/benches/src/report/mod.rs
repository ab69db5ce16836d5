//! What was measured, as JSON for programs, and as tables and plots for people.

mod axis;
mod document;
mod figures;
mod section;
mod svg;
mod table;

pub(crate) use document::write_section;
pub(crate) use figures::Figures;
pub(crate) use section::Section;
pub(crate) use svg::{Line, Plot, Point};
pub(crate) use table::{Table, cell};
