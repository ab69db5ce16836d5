//! The page of figures: prose that people write, and between markers what was measured.

use std::path::Path;

use anyhow::{Context, Result};

use super::Section;

/// Writes a section into the page, and its plots into a folder beside it that has the page's name.
pub(crate) fn write_section(page: &Path, name: &str, section: &Section) -> Result<()> {
    let folder = page.with_extension("");
    let folder_name = folder.file_name().and_then(|name| name.to_str());
    let folder_name = folder_name.context("expected the page to have a name")?;
    let mut parts: Vec<String> = section
        .tables
        .iter()
        .map(|table| table.markdown())
        .collect();
    for plot in &section.plots {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(plot.file).with_extension("svg"), plot.svg())?;
        parts.push(format!(
            "![{}]({folder_name}/{}.svg)\n",
            plot.title, plot.file
        ));
    }
    parts.extend(section.notes.iter().map(|note| format!("{note}\n")));
    write(page, name, &parts.join("\n"))
}

/// Puts the text between the markers of that name; a page without them gets them at its end.
fn replace(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- measured: {name} -->"), "<!-- end -->");
    let text = text.trim();
    let between = format!("{begin}\n\n{text}\n\n{end}");
    let found = page.find(&begin).and_then(|from| {
        let length = page[from..].find(end)?;
        Some((from, from + length + end.len()))
    });
    match found {
        Some((from, to)) => [&page[..from], &between, &page[to..]].concat(),
        None => format!("{}\n\n{between}\n", page.trim_end()),
    }
}

fn write(page: &Path, name: &str, text: &str) -> Result<()> {
    let old = std::fs::read_to_string(page);
    let old = old.with_context(|| format!("reading {}", page.display()))?;
    Ok(std::fs::write(page, replace(&old, name, text))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n\nBefore.\n\n<!-- measured: a -->\n\nold\n\n<!-- end -->\n\nBetween.\n\n\
                        <!-- measured: b -->\n<!-- end -->\n\nAfter.\n";

    #[test]
    fn prose_around_the_markers_stays() {
        let page = replace(PAGE, "a", "| new |\n");
        assert!(!page.contains("old"));
        for kept in [
            "# Page\n\nBefore.\n\n<!--",
            "<!-- end -->\n\nBetween.\n",
            "After.\n",
            "\n| new |\n",
        ] {
            assert!(page.contains(kept), "{kept}");
        }
        assert_eq!(
            replace(&page, "a", "| new |"),
            page,
            "the same again changes nothing"
        );
    }

    #[test]
    fn each_name_has_its_own_place() {
        let page = replace(PAGE, "b", "second");
        assert!(page.contains("old"));
        assert!(page.find("Between.") < page.find("second"));
    }

    #[test]
    fn a_name_without_a_place_goes_to_the_end() {
        let page = replace(PAGE, "c", "third");
        assert!(page.ends_with("After.\n\n<!-- measured: c -->\n\nthird\n\n<!-- end -->\n"));
    }
}
