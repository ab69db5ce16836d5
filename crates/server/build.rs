//! The dashboard is embedded from `ui/dist`. The folder is made where it is missing, so that cargo notices when
//! `make ui` fills it, and a checkout without Node builds all the same.

fn main() {
    let built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist");
    // Where nothing may be written nothing is embedded.
    let _ = std::fs::create_dir_all(&built);
    // A debug build reads the folder when it runs: it need not be built again.
    let embeds = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let watched = if embeds { built } else { "build.rs".into() };
    println!("cargo:rerun-if-changed={}", watched.display());
}
