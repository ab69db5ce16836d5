//! Links in Markdown.

/// The targets of inline links and images that point into the repository, without their `#` part. Code is skipped.
#[must_use]
pub fn relative_links(markdown: &str) -> Vec<String> {
    let text = without_code(markdown);
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ', '\n']).next());
    targets
        .filter(|target| {
            !target.contains("://")
                && !target.starts_with(['#', '<'])
                && !target.starts_with("mailto:")
        })
        .map(|target| target.split('#').next().unwrap_or_default().to_owned())
        .collect()
}

fn without_code(markdown: &str) -> String {
    let mut in_fence = false;
    let mut text = String::with_capacity(markdown.len());
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence {
            // Every other piece between backticks is code.
            text.extend(line.split('`').step_by(2));
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(markdown: &str, expected: &[&str]) {
        assert_eq!(relative_links(markdown), expected, "{markdown}");
    }

    #[test]
    fn only_links_into_the_repository() {
        check(
            "[a](b.md) and ![c](d/e.png \"title\")",
            &["b.md", "d/e.png"],
        );
        check("[a](b.md#part)", &["b.md"]);
        check(
            "[a](https://example.org) [b](#here) [c](mailto:x@example.org)",
            &[],
        );
        check("`[a](b.md)`\n```\n[c](d.md)\n```\n[e](f.md)", &["f.md"]);
    }
}
