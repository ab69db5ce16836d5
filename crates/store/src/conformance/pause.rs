//! The wait for a person.

use super::Harness;
use crate::Store;

pub(super) async fn checks(harness: &impl Harness) {
    harness.begin_anew();
    let store = harness.open().await;
    assert_eq!(store.paused().await.unwrap(), None);
    store
        .set_paused(Some("ann: prices are wrong"))
        .await
        .unwrap();
    drop(store);
    let store = harness.open().await;
    let why = store.paused().await.unwrap();
    assert_eq!(why.as_deref(), Some("ann: prices are wrong"));
    store.set_paused(Some("")).await.unwrap();
    assert_eq!(store.paused().await.unwrap().as_deref(), Some(""));
    store.set_paused(None).await.unwrap();
    store.set_paused(None).await.unwrap();
    drop(store);
    assert_eq!(harness.open().await.paused().await.unwrap(), None);
}
