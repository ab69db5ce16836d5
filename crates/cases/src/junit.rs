//! The reports as JUnit writes them, for whatever shows the tests of a build.

use std::fmt::Write as _;

use crate::report::CaseReport;

/// A file of one suite per workflow.
#[must_use]
pub fn junit(reports: &[CaseReport]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for suite in reports.chunk_by(|one, other| one.workflow == other.workflow) {
        let failed = suite.iter().filter(|report| !report.passed()).count();
        let name = escaped(&suite[0].workflow);
        let (tests, name) = (suite.len(), name.as_str());
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\">"
        );
        suite.iter().for_each(|report| case(&mut out, report));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, report: &CaseReport) {
    let (workflow, name) = (escaped(&report.workflow), escaped(&report.name));
    let place = escaped(&report.place);
    let _ = write!(
        out,
        "    <testcase classname=\"{workflow}\" name=\"{name}\" file=\"{place}\""
    );
    let Some(first) = report.failures.first() else {
        out.push_str("/>\n");
        return;
    };
    let (first, all) = (escaped(first), escaped(&report.failures.join("\n")));
    let _ = writeln!(
        out,
        ">\n      <failure message=\"{first}\">{all}</failure>\n    </testcase>"
    );
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no way to write the others.
            '\n' | '\t' | ' '.. => out.push(character),
            _ => out.push('\u{fffd}'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_xml_is_escaped() {
        let report = |name: &str, failures: &[&str]| CaseReport {
            workflow: "w".to_owned(),
            name: name.to_owned(),
            place: "f.yaml:3".to_owned(),
            failures: failures.iter().map(ToString::to_string).collect(),
            took_ms: 0,
        };
        let text = junit(&[report("a", &[]), report("<b>", &["\"x\" & \u{1}", "more"])]);
        assert!(
            text.contains(r#"<testsuite name="w" tests="2" failures="1">"#),
            "{text}"
        );
        assert!(
            text.contains(r#"name="&lt;b&gt;" file="f.yaml:3">"#),
            "{text}"
        );
        assert!(
            text.contains("<failure message=\"&quot;x&quot; &amp; \u{fffd}\">"),
            "{text}"
        );
    }
}
