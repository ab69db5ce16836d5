//! The dashboard is embedded from `ui/dist`. The folder is made where it is missing, so that cargo notices when
//! `make ui` fills it, and a checkout without Node builds all the same.

fn main() {
    let built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist");
    // Where nothing may be written nothing is embedded.
    let _ = std::fs::create_dir_all(&built);
    println!("cargo:rerun-if-changed={}", built.display());
}
