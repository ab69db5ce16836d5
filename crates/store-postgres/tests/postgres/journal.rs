//! Segments of several nodes, and a journal that is not whole.

use store::{Appended, Store, StoreError};
use store_postgres::PostgresStore;
use tokio_postgres::Client;

use crate::sample::{ONE, TWO, append, fill, open, positions, projection};
use crate::server::{Reach, Server, Version, eventually};

async fn segments(client: &Client) -> Vec<i64> {
    let rows = client
        .query("SELECT number FROM segment ORDER BY number", &[])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Fills segments until this one is the newest.
async fn fill_until(store: &PostgresStore, client: &Client, newest: i64) -> u64 {
    let mut owned = store.take_over(ONE).await.unwrap();
    while segments(client).await.last() < Some(&newest) {
        fill(store, &mut owned, ONE, 5).await;
    }
    fill(store, &mut owned, ONE, 100).await;
    owned.head
}

#[tokio::test]
async fn segments_are_made_ahead_and_dropped_whole_under_another_node() {
    let server = Server::start(Version::V15);
    let client = server.client().await;
    let (first, second) = (open(server.config()).await, open(server.config()).await);
    let mut other = second.take_over(TWO).await.unwrap();
    fill(&second, &mut other, TWO, 3).await;
    let head = fill_until(&first, &client, 3).await;
    assert!(segments(&client).await.len() >= 3);
    first.project(projection(ONE, head, vec![])).await.unwrap();
    first.checkpoint().await.unwrap();
    assert_eq!(
        segments(&client).await[0],
        1,
        "the other node's batches are not reached"
    );
    second.project(projection(TWO, 3, vec![])).await.unwrap();
    first.checkpoint().await.unwrap();
    let left = segments(&client).await;
    assert!(left[0] > 1, "{left:?}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'orchestrator' AND tablename LIKE 'journal\\_%'";
    let tables: i64 = client.query_one(tables, &[]).await.unwrap().get(0);
    assert_eq!(tables as usize, left.len());
    // The other node still believes in the segment that is gone.
    fill(&second, &mut other, TWO, 30).await;
    let batches = second.read_journal(TWO, 4, usize::MAX).await.unwrap();
    assert_eq!(batches.len(), 30);
    let again = first.take_over(TWO).await.unwrap();
    assert_eq!((again.head, again.first), (33, 4));
}

#[tokio::test]
async fn a_new_owner_may_write_into_an_older_segment() {
    let server = Server::start(Version::V15);
    let client = server.client().await;
    let (first, second) = (open(server.config()).await, open(server.config()).await);
    let head = fill_until(&first, &client, 2).await;
    let mut owned = second.take_over(ONE).await.unwrap();
    fill(&second, &mut owned, ONE, 10).await;
    let back = first.append(append(ONE, owned, 100)).await.unwrap();
    assert_eq!(
        back,
        Appended::Committed,
        "the fence is of epochs, not of processes"
    );
    assert_eq!(
        positions(&first, ONE).await,
        (1..=head + 11).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_gap_refuses_to_open() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    let client = server.client().await;
    let mut owned = store.take_over(ONE).await.unwrap();
    fill(&store, &mut owned, ONE, 9).await;
    let damaged = async |what: &str| {
        let taken = store.take_over(ONE).await;
        assert!(
            matches!(taken, Err(StoreError::Corrupt { .. })),
            "{what}: {taken:?}"
        );
    };
    client
        .execute("DELETE FROM journal_1 WHERE position = 5", &[])
        .await
        .unwrap();
    damaged("a hole").await;
    for from in [1, 5] {
        let read = store.read_journal(ONE, from, usize::MAX).await.unwrap_err();
        assert!(
            matches!(read, StoreError::Corrupt { .. }),
            "from {from}: {read:?}"
        );
        assert!(read.to_string().contains("position 5"), "{read}");
    }
    client
        .execute("DELETE FROM journal_1 WHERE position >= 5", &[])
        .await
        .unwrap();
    damaged("a missing end").await;
    client.execute("DELETE FROM journal_1", &[]).await.unwrap();
    let behind = store.take_over(ONE).await.unwrap_err();
    assert!(
        matches!(
            behind,
            StoreError::Gap {
                reached: 0,
                first: 10,
                ..
            }
        ),
        "{behind:?}"
    );
}

#[tokio::test]
async fn a_checkpoint_passes_by_what_is_in_use() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    let client = server.client().await;
    let head = fill_until(&store, &client, 2).await;
    store.project(projection(ONE, head, vec![])).await.unwrap();
    client
        .batch_execute("BEGIN; SELECT 1 FROM journal_1")
        .await
        .unwrap();
    store.checkpoint().await.unwrap();
    assert_eq!(segments(&client).await[0], 1);
    client.batch_execute("COMMIT").await.unwrap();
    eventually("it is dropped", async || {
        store.checkpoint().await.unwrap();
        segments(&client).await[0] > 1
    })
    .await;
}
