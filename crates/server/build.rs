//! Embeds the dashboard: every file of `ui/dist` by its name. The folder is made where it is missing, so that cargo
//! notices when `make ui` fills it, and a checkout without Node builds all the same.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist");
    // Where nothing may be written nothing is embedded.
    let _ = fs::create_dir_all(&built);
    println!("cargo:rerun-if-changed={}", built.display());
    let mut files = Vec::new();
    collect(&built, &mut files)?;
    let name = |file: &PathBuf| {
        let name = file.strip_prefix(&built).unwrap_or(file).to_string_lossy();
        name.replace('\\', "/")
    };
    let mut files: Vec<(String, PathBuf)> =
        files.into_iter().map(|file| (name(&file), file)).collect();
    files.sort();
    let mut table = String::from("&[\n");
    for (name, file) in files {
        writeln!(table, "({name:?}, include_bytes!({file:?})),").map_err(io::Error::other)?;
    }
    table.push(']');
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("dashboard.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
