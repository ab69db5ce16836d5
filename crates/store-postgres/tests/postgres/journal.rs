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
async fn a_segment_that_is_dropped_before_an_older_one_is_no_hole() {
    let server = Server::start(Version::V15);
    let client = server.client().await;
    let (first, second) = (open(server.config()).await, open(server.config()).await);
    // The second node stays in the segment that is the newest now; a partition of its own keeps that in use.
    let mut kept = second.take_over(TWO).await.unwrap();
    fill(&second, &mut kept, TWO, 1).await;
    let mut owned = second.take_over(ONE).await.unwrap();
    fill(&second, &mut owned, ONE, 3).await;
    // The first one fills newer ones, which are reached and dropped.
    let head = fill_until(&first, &client, 3).await;
    let mut back = second.take_over(ONE).await.unwrap();
    fill(&second, &mut back, ONE, 4).await;
    first
        .project(projection(ONE, head + 2, vec![]))
        .await
        .unwrap_err();
    second
        .project(projection(ONE, head + 2, vec![]))
        .await
        .unwrap();
    first.checkpoint().await.unwrap();
    assert_eq!(segments(&client).await[0], 1, "it has what is not reached");
    let held = "SELECT count(*) FROM journal_1 WHERE partition = 1";
    let held: i64 = client.query_one(held, &[]).await.unwrap().get(0);
    let before = held as u64 - 4;
    assert!(before < head, "the first one went on in newer ones");
    let again = first.take_over(ONE).await.unwrap();
    assert_eq!(again.head, head + 4);
    let whole_from = before + 2..=head + 1;
    assert!(whole_from.contains(&again.first), "{again:?}, {before}");
    let read = first.read_journal(ONE, head + 1, usize::MAX).await.unwrap();
    assert_eq!(read.len(), 4);
    // What was dropped between is gone, as anything is that the journal no longer has.
    let start = first.read_journal(ONE, 1, usize::MAX).await.unwrap();
    assert_eq!(start.len() as u64, before);
    let gone = first.read_journal(ONE, before + 1, usize::MAX).await;
    assert!(matches!(gone, Err(StoreError::Gap { .. })), "{gone:?}");
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
