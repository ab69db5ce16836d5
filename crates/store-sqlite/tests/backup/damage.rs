//! Damaged, torn and missing objects are found and named.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use store::Store;
use store_sqlite::{Archive, Finding, verify_vault};

use crate::world::{Work, World, check, until};

/// A world whose archive has several objects; answers them, in order.
async fn archived() -> (World, Vec<PathBuf>) {
    let world = World::new();
    let store = world.store();
    let mut work = Work::begin(&store).await;
    work.run(10).await;
    let archive = Archive::start(store.clone(), world.vault()).await.unwrap();
    until("the base is made", || archive.state().lag_bytes == 0).await;
    for _ in 0..3 {
        work.run(10).await;
        until("it is archived", || archive.state().lag_bytes == 0).await;
    }
    archive.finish(Duration::from_secs(30)).await;
    store.checkpoint().await.unwrap();
    let folder = world.path("vault/journal/0000000001");
    let mut objects: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    objects.sort_unstable();
    assert!(objects.len() >= 3, "{objects:?}");
    (world, objects)
}

async fn findings(world: &World) -> Vec<Finding> {
    verify_vault(&*world.vault()).await.unwrap().findings
}

async fn only(world: &World) -> Finding {
    let mut found = findings(world).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn name(path: &std::path::Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Restores the end, which fails naming the object, and the moment before the damage, which does not.
async fn restores_up_to_the_damage(world: &World, object: &str) {
    let error = world.restore_to("end", 40).await.err().unwrap().to_string();
    assert!(
        error.contains(object) && error.contains("can be restored"),
        "{error}"
    );
    assert!(!world.path("end").exists());
    let (restored, _) = world.restore_to("before", 12).await.unwrap();
    assert_eq!(restored.unread.len(), 1, "{:?}", restored.unread);
    check(&world.store_at("before"), 12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_object_of_the_archive() {
    let (world, objects) = archived().await;
    let object = &objects[objects.len() - 2];
    let length = fs::metadata(object).unwrap().len();
    fs::File::options()
        .write(true)
        .open(object)
        .unwrap()
        .set_len(length - 20)
        .unwrap();
    let found = only(&world).await;
    assert!(found.object.ends_with(&name(object)), "{found:?}");
    assert!(
        found.what.contains("it is torn") && found.mend.contains("later backup"),
        "{found:?}"
    );
    restores_up_to_the_damage(&world, &name(object)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_object_of_the_archive() {
    let (world, objects) = archived().await;
    let object = &objects[objects.len() - 2];
    fs::remove_file(object).unwrap();
    let found = only(&world).await;
    assert!(
        found.object.ends_with(&name(object)),
        "the very name: {found:?}"
    );
    assert!(found.what.contains("are missing"), "{found:?}");
    restores_up_to_the_damage(&world, &name(object)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_in_the_archive() {
    let (world, objects) = archived().await;
    let object = &objects[objects.len() - 2];
    let mut bytes = fs::read(object).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(object, bytes).unwrap();
    let found = only(&world).await;
    assert!(found.object.ends_with(&name(object)), "{found:?}");
    restores_up_to_the_damage(&world, &name(object)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_backup() {
    let (world, _) = archived().await;
    let backups = world.path("vault/backups");
    let backup = fs::read_dir(&backups)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let part = backup.join("files/state.db.00000");
    let whole = fs::read(&part).unwrap();
    let mut changed = whole.clone();
    changed[100] ^= 1;
    for (bytes, expected) in [
        (&whole[..50], "it is torn"),
        (&changed[..], "it was changed"),
    ] {
        fs::write(&part, bytes).unwrap();
        let found = only(&world).await;
        assert!(
            found.object.ends_with("state.db.00000") && found.what.contains(expected),
            "{found:?}"
        );
        let error = world.restore_to("end", 40).await.err().unwrap().to_string();
        assert!(
            error.contains("state.db.00000") && error.contains(expected),
            "{error}"
        );
    }
    fs::remove_file(&part).unwrap();
    assert!(only(&world).await.what.contains("it is missing"));
    fs::write(&part, whole).unwrap();

    let manifest = backup.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"format\": 1", "\"format\": 99")).unwrap();
    let found = only(&world).await;
    assert!(
        found.what.contains("expected format 1, but it is 99"),
        "{found:?}"
    );
    let error = world.restore_to("end", 40).await.err().unwrap().to_string();
    assert!(error.contains("expected format 1, but it is 99"), "{error}");
    fs::remove_file(&manifest).unwrap();
    let found = only(&world).await;
    assert!(found.what.contains("not finished"), "{found:?}");
    let error = world.restore_to("end", 40).await.err().unwrap().to_string();
    assert!(error.contains("there is none that was finished"), "{error}");
}

#[tokio::test]
async fn an_address_without_copies_is_not_called_well() {
    let world = World::new();
    let error = verify_vault(&*world.vault()).await.unwrap_err().to_string();
    assert!(error.contains("there are none"), "{error}");
    let error = world.restore_to("back", 1).await.err().unwrap().to_string();
    assert!(error.contains("there is none that was finished"), "{error}");
}
