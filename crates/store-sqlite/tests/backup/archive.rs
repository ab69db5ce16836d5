//! The continuous archive.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::Store;
use store_sqlite::{Archive, SqliteStore, list_backups, verify_vault};

use crate::world::{Flaky, ONE, Work, World, check, until};

const PATIENCE: Duration = Duration::from_secs(30);

async fn archived(archive: &Archive) {
    until("everything is archived", || archive.state().lag_bytes == 0).await;
}

async fn begin(world: &World, store: &Arc<SqliteStore>) -> Archive {
    Archive::start(Arc::clone(store), world.vault())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_moment_can_be_restored_and_what_came_after_it_is_told() {
    let world = World::new();
    let store = world.store();
    let mut work = Work::begin(&store).await;
    work.run(10).await;
    let archive = begin(&world, &store).await;
    archived(&archive).await;
    work.run(70).await;
    archive.finish(PATIENCE).await;
    assert_eq!(
        archive.state().lag_bytes,
        0,
        "what was durable at its end is in it"
    );
    let verified = verify_vault(&*world.vault()).await.unwrap();
    assert_eq!(
        (verified.backups, verified.findings.len()),
        (1, 0),
        "{:?}",
        verified.findings
    );
    for position in [10, 11, 47, 80] {
        let folder = format!("back-{position}");
        let (restored, told) = world.restore_to(&folder, position).await.unwrap();
        check(&world.store_at(&folder), position).await;
        let batches = |partition| {
            told.left_out
                .iter()
                .filter(move |t| t.starts_with(partition))
        };
        assert_eq!(batches("1:").count() as u64, 80 - position);
        assert_eq!(restored.left_out, told.left_out.len() as u64);
        if position < 80 {
            assert!(told.left_out.contains(&format!("1:{}", position + 1)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_where_it_ended_over_restarts_and_restores() {
    let world = World::new();
    let store = world.store();
    let mut work = Work::begin(&store).await;
    let archive = begin(&world, &store).await;
    work.run(30).await;
    archive.finish(PATIENCE).await;
    drop((archive, work, store));
    let store = world.store();
    let archive = begin(&world, &store).await;
    let mut work = Work::begin(&store).await;
    work.run(30).await;
    archive.finish(PATIENCE).await;
    drop((archive, work, store));
    assert_eq!(list_backups(&*world.vault()).await.unwrap().len(), 1);
    world.restore_to("back", 45).await.unwrap();
    check(&world.store_at("back"), 45).await;

    // The restored store archives beside its past, and each can be restored.
    let back = world.store_at("back");
    let archive = begin(&world, &back).await;
    let mut work = Work::begin(&back).await;
    work.run(10).await;
    archive.finish(PATIENCE).await;
    drop((archive, work, back));
    let verified = verify_vault(&*world.vault()).await.unwrap();
    assert_eq!(
        (verified.backups, verified.findings.len()),
        (2, 0),
        "{:?}",
        verified.findings
    );
    let (restored, _) = world.restore_to("again", 55).await.unwrap();
    assert_eq!((restored.incarnation, restored.backup.incarnation), (3, 2));
    check(&world.store_at("again"), 55).await;
    let (restored, told) = world.restore_to("past", 30).await.unwrap();
    assert_eq!((restored.incarnation, restored.backup.incarnation), (3, 1));
    check(&world.store_at("past"), 30).await;
    let ones = told.left_out.iter().filter(|told| told.starts_with("1:"));
    assert_eq!(ones.count(), 30 + 10, "of both pasts");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_archived_is_not_trimmed() {
    let world = World::new();
    let store = world.store();
    let mut work = Work::begin(&store).await;
    let vault = Arc::new(Flaky {
        inner: world.vault(),
        away: true.into(),
        refused: 0.into(),
    });
    let archive = Archive::start(store.clone(), vault.clone()).await.unwrap();
    work.run(120).await;
    store.checkpoint().await.unwrap();
    until("it tried again", || {
        vault.refused.load(Ordering::Relaxed) >= 2
    })
    .await;
    let state = archive.state();
    assert!(
        state.lag_bytes > 120 * 600 && state.failures >= 2,
        "{state:?}"
    );
    assert!(state.trouble.unwrap().contains("it is away"));
    assert_eq!(
        store.take_over(ONE).await.unwrap().first,
        1,
        "nothing was trimmed"
    );

    vault.away.store(false, Ordering::Relaxed);
    archived(&archive).await;
    store.checkpoint().await.unwrap();
    assert!(
        store.take_over(ONE).await.unwrap().first > 1,
        "now it may be trimmed"
    );
    archive.finish(PATIENCE).await;
    world.restore_to("back", 120).await.unwrap();
    check(&world.store_at("back"), 120).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_of_another_past_is_refused() {
    let world = World::new();
    let store = world.store();
    let mut work = Work::begin(&store).await;
    work.run(5).await;
    drop((work, store));
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([world.path("store"), world.path("copy")])
        .status();
    assert!(copied.unwrap().success());
    let store = world.store();
    let archive = begin(&world, &store).await;
    Work::begin(&store).await.run(20).await;
    archive.finish(PATIENCE).await;
    drop((archive, store));

    let copy = world.store_at("copy");
    let refused = Archive::start(copy.clone(), world.vault()).await;
    let behind = refused.err().unwrap().to_string();
    assert!(behind.contains("this store ends at block"), "{behind}");
    // Its past differs from here on: it was taken over once more.
    Work::begin(&copy).await;
    Work::begin(&copy).await.run(30).await;
    let refused = Archive::start(copy.clone(), world.vault()).await;
    let other = refused.err().unwrap().to_string();
    assert!(other.contains("block of that number is another"), "{other}");
    let stranger = world.store_at("stranger");
    let refused = Archive::start(stranger, world.vault()).await;
    let stranger = refused.err().unwrap().to_string();
    assert!(stranger.contains("it holds those of store"), "{stranger}");
}
