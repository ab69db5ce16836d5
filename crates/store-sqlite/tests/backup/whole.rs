//! Backups without an archive.

use store::Store;
use store_sqlite::{Pace, list_backups};

use crate::world::{Work, World, check};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_store_in_use_is_one_moment_of_it() {
    let world = World::new();
    let store = world.store();
    let mut work = Work::begin(&store).await;
    work.run(40).await;
    store.checkpoint().await.unwrap();
    work.run(20).await;
    let vault = world.vault();
    // What goes on meanwhile is in it up to some moment.
    let copying = {
        let store = store.clone();
        tokio::spawn(async move { store.back_up(&*vault, Pace::Gentle).await.unwrap() })
    };
    while !copying.is_finished() {
        work.run(1).await;
        if work.head.is_multiple_of(16) {
            store.checkpoint().await.unwrap();
        }
    }
    let made = copying.await.unwrap();
    let (from, until) = (made.earliest.positions[&1], made.latest.positions[&1]);
    assert!(
        60 <= from && from <= until && until <= work.head,
        "{from} to {until}"
    );
    assert_eq!(list_backups(&*world.vault()).await.unwrap(), [made]);

    let (restored, _) = world.restore_to("back", until).await.unwrap();
    assert_eq!((restored.incarnation, restored.left_out), (2, 0));
    let back = world.store_at("back");
    assert_eq!(back.incarnation().await.unwrap(), 2);
    check(&back, until).await;
    let mut goes_on = Work::begin(&back).await;
    goes_on.run(5).await;
    check(&back, until + 5).await;
}

#[tokio::test]
async fn a_restored_store_waits_until_it_is_resumed() {
    let world = World::new();
    let store = world.store();
    Work::begin(&store).await.run(3).await;
    assert_eq!(store.paused().await.unwrap(), None);
    store.back_up(&*world.vault(), Pace::Full).await.unwrap();
    world.restore_to("back", 3).await.unwrap();
    let back = world.store_at("back");
    let why = back.paused().await.unwrap();
    assert_eq!(why.as_deref(), Some("it was restored"));
    drop(back);
    let back = world.store_at("back");
    assert_eq!(back.paused().await.unwrap(), why, "also after a start");
    back.set_paused(None).await.unwrap();
    drop(back);
    assert_eq!(world.store_at("back").paused().await.unwrap(), None);
}

#[tokio::test]
async fn a_moment_within_a_backup_can_be_restored_and_one_before_it_not() {
    let world = World::new();
    let store = world.store();
    let mut work = Work::begin(&store).await;
    work.run(10).await;
    let first = store.back_up(&*world.vault(), Pace::Full).await.unwrap();
    work.run(10).await;
    store.back_up(&*world.vault(), Pace::Full).await.unwrap();
    let early = world
        .restore_to("early", 9)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        early.contains("the oldest") && early.contains(&first.id),
        "{early}"
    );
    assert!(!world.path("early").exists() && !world.path("early.restoring").exists());
    let late = world
        .restore_to("late", 15)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        late.contains("expected position 15, but the copies end at 10"),
        "{late}"
    );
    assert!(!world.path("late").exists());
    let (restored, _) = world.restore_to("back", 10).await.unwrap();
    assert_eq!(restored.backup, first);
    check(&world.store_at("back"), 10).await;
}

#[tokio::test]
async fn what_is_there_is_neither_overwritten_nor_mixed() {
    let world = World::new();
    let store = world.store();
    Work::begin(&store).await.run(3).await;
    store.back_up(&*world.vault(), Pace::Full).await.unwrap();
    std::fs::create_dir(world.path("used")).unwrap();
    std::fs::write(world.path("used/file"), "mine").unwrap();
    let used = world.restore_to("used", 3).await.err().unwrap().to_string();
    assert!(used.contains("new or empty folder"), "{used}");
    assert_eq!(
        std::fs::read_to_string(world.path("used/file")).unwrap(),
        "mine"
    );
    std::fs::create_dir(world.path("empty")).unwrap();
    world.restore_to("empty", 3).await.unwrap();
    let other = world.store_at("other");
    let mixed = other
        .back_up(&*world.vault(), Pace::Full)
        .await
        .unwrap_err()
        .to_string();
    assert!(mixed.contains("it holds those of store"), "{mixed}");
}
