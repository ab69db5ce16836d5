//! The comparison as a table.

use super::Comparison;
use crate::report::Table;

/// A row for each workload.
pub(crate) fn table(compared: &[Comparison]) -> Table {
    let mut table = Table::new([
        "workload",
        "unit",
        "instructions checked in",
        "now",
        "deviation",
        "",
    ]);
    for one in compared {
        let expected = one
            .expected
            .map_or_else(|| "-".to_owned(), |expected| format!("{expected:.0}"));
        let deviation = one
            .deviation()
            .map_or_else(|| "-".to_owned(), |more| format!("{more:+.1} %"));
        table.row([
            one.workload.to_owned(),
            one.unit.to_owned(),
            expected,
            format!("{:.0}", one.counted),
            deviation,
            one.word().to_owned(),
        ]);
    }
    table
}
