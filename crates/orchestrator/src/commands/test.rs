//! `test`: the test cases of workflows.

use std::path::Path;

use api::Exit;
use cases::CaseReport;
use definition::{Catalog, ResourceSet, Severity};

use crate::args::TestArgs;
use crate::failure::Failure;
use crate::files;
use crate::output::Output;
use crate::terminal;

/// Runs the cases of these files, each by itself.
pub fn run(args: &TestArgs, output: Output) -> Result<Exit, Failure> {
    let documents = files::read(&args.paths)?.into_iter();
    let named = documents.map(|document| (document.name, document.bytes));
    let (set, _) = ResourceSet::parse(named.collect());
    let kinds = adapters::registry();
    let found = set.validate(&Catalog::default(), &server::check_settings(&kinds));
    let errors = found
        .iter()
        .filter(|found| found.severity == Severity::Error);
    let errors = errors.map(|found| eprintln!("{found}\n")).count();
    if errors > 0 {
        return Err(Failure::silent(Exit::Usage));
    }
    let mut reports = Vec::new();
    for test in set.tests() {
        let chosen = |name: &str| args.only.as_deref().is_none_or(|part| name.contains(part));
        for case in test.cases.iter().filter(|case| chosen(&case.name)) {
            reports.push(cases::run(&set, &kinds, &args.env, test, case));
        }
    }
    if reports.is_empty() {
        let detail =
            "expected test cases (`test: { workflow, cases }`) in these files, but there are none";
        return Err(Failure::usage(detail));
    }
    if let Some(path) = &args.junit {
        write(path, &cases::junit(&reports))?;
    }
    output.show_value(&reports, |reports| listed(reports))?;
    let passed = reports.iter().all(CaseReport::passed);
    Ok(if passed { Exit::Well } else { Exit::Failed })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::usage(format!("{}: {error}", path.display()));
    std::fs::write(path, text).map_err(failed)
}

fn listed(reports: &[CaseReport]) -> String {
    let mut lines = Vec::new();
    for report in reports {
        let CaseReport {
            workflow,
            name,
            place,
            failures,
            ..
        } = report;
        if report.passed() {
            lines.push(format!("ok      {workflow}: {name}"));
            continue;
        }
        lines.push(format!(
            "{}  {workflow}: {name} ({place})",
            terminal::red("failed")
        ));
        lines.extend(failures.iter().map(|failure| format!("        {failure}")));
    }
    let failed = reports.iter().filter(|report| !report.passed()).count();
    lines.push(format!("{} cases, {failed} failed", reports.len()));
    lines.join("\n")
}
