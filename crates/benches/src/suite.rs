//! All measurements, one after the other, and where their figures go.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::bench::Bench;
use crate::machine::Machine;
use crate::measure::{MEASUREMENTS, Measurement};
use crate::options::Options;
use crate::report::{Figures, Section, Table, write_section};

/// The page of figures.
const PAGE: &str = "docs/performance.md";

/// Measures what was asked for, and writes each result down as soon as it is there.
pub(crate) async fn run(options: Options) -> Result<()> {
    if options.list {
        list();
        return Ok(());
    }
    let chosen = choose(&options.only)?;
    let bench = Bench::new(options)?;
    let page = page(&bench)?;
    let mut figures = Figures::open(&bench.data().join("figures.json"))?;
    let machine = Machine::look(bench.data())?;
    keep(
        &mut figures,
        &page,
        "machine",
        &of_machine(&bench, &machine)?,
    )?;
    let mut failed = Vec::new();
    for measurement in chosen {
        let begun = Instant::now();
        eprintln!("{}: {}", measurement.name, measurement.measures);
        match (measurement.run)(&bench).await {
            Ok(section) => keep(&mut figures, &page, measurement.name, &section)?,
            Err(error) => {
                eprintln!("{} failed: {error:#}", measurement.name);
                failed.push(measurement.name);
            }
        }
        eprintln!(
            "{} took {:.0} s\n",
            measurement.name,
            begun.elapsed().as_secs_f64()
        );
    }
    eprintln!(
        "figures: {}; page: {}",
        bench.data().join("figures.json").display(),
        page.display()
    );
    if !failed.is_empty() {
        bail!("these measurements failed: {}", failed.join(", "));
    }
    Ok(())
}

fn list() {
    for Measurement {
        letter,
        name,
        measures,
        ..
    } in MEASUREMENTS
    {
        println!("{letter}  {name:<14} {measures}");
    }
}

/// The measurements of these words, in the order of the table; `j` stands for `j1`, `j2` and so on.
fn choose(only: &[String]) -> Result<Vec<&'static Measurement>> {
    let fits = |one: &Measurement, word: &str| {
        let family = one
            .letter
            .trim_end_matches(|digit: char| digit.is_ascii_digit());
        [one.name, one.letter, family].contains(&word)
    };
    for word in only {
        let known = MEASUREMENTS.iter().any(|one| fits(one, word));
        ensure!(
            known,
            "expected a measurement, but got `{word}`; see --list"
        );
    }
    let chosen = |one: &&Measurement| only.is_empty() || only.iter().any(|word| fits(one, word));
    Ok(MEASUREMENTS.iter().filter(chosen).collect())
}

/// The page to write to. A quick run is no measurement to publish: it gets a copy.
fn page(bench: &Bench) -> Result<PathBuf> {
    if let Some(page) = &bench.options.page {
        return Ok(page.clone());
    }
    if !bench.options.quick {
        return Ok(PAGE.into());
    }
    let copy = bench.data().join("performance.md");
    if !copy.exists() {
        std::fs::copy(PAGE, &copy).with_context(|| format!("copying {PAGE}"))?;
    }
    Ok(copy)
}

fn keep(figures: &mut Figures, page: &Path, name: &str, section: &Section) -> Result<()> {
    figures.put(name, section.figures.clone())?;
    for table in &section.tables {
        println!("{}", table.markdown());
    }
    for note in &section.notes {
        println!("{note}\n");
    }
    write_section(page, name, section)
}

fn of_machine(bench: &Bench, machine: &Machine) -> Result<Section> {
    let unknown = || "unknown".to_owned();
    let text = |value: &Option<String>| value.clone().unwrap_or_else(unknown);
    let memory = machine
        .memory_mib
        .map_or_else(unknown, |mib| format!("{mib} MiB"));
    let load = machine.load.map_or_else(unknown, |load| load.to_string());
    let (p50, p99) = (machine.sync.p50_ms, machine.sync.p99_ms);
    let (_, lasting) = bench.times();
    let how = format!(
        "{} repeats of {} s",
        bench.options.repeats,
        lasting.as_secs()
    );
    let mut table = Table::new(["machine", ""]);
    let rows = [
        (
            "processor",
            format!("{}, {} cores", text(&machine.processor), machine.cores),
        ),
        ("memory", memory),
        ("kernel", text(&machine.kernel)),
        ("file system", text(&machine.file_system)),
        (
            "one write of 4 KiB and its sync",
            format!("p50 {p50:.3} ms, p99 {p99:.3} ms"),
        ),
        ("partitions", bench.options.partition_count().to_string()),
        ("load of the minute before", load),
        ("steady runs", how),
    ];
    for (name, value) in rows {
        table.row([name.to_owned(), value]);
    }
    Ok(Section::of(machine)?.table(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(only: &[&str]) -> Option<Vec<&'static str>> {
        let only: Vec<String> = only.iter().map(|word| (*word).to_owned()).collect();
        let chosen = choose(&only).ok()?;
        Some(chosen.iter().map(|one| one.letter).collect())
    }

    #[test]
    fn measurements_are_chosen_by_letter_family_or_name() {
        assert_eq!(letters(&["idle", "a"]), Some(vec!["a", "h"]));
        assert_eq!(letters(&["j"]), Some(vec!["j1", "j2", "j3"]));
        assert_eq!(letters(&["j2"]), Some(vec!["j2"]));
        assert_eq!(letters(&[]).map(|all| all.len()), Some(MEASUREMENTS.len()));
        assert_eq!(letters(&["nothing"]), None);
    }
}
