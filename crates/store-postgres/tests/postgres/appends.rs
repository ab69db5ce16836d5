//! The fence, and appends whose outcome is not known.

use std::sync::Arc;
use std::time::Duration;

use store::{Appended, PartitionHead, PartitionId, Store, StoreError};
use store_postgres::{PostgresConfig, PostgresStore};
use tokio::task::JoinSet;
use tokio_postgres::Client;

use crate::sample::{ONE, append, fill, open, persist, positions};
use crate::server::{Reach, Server, Version, eventually};

/// A store whose next commits wait for a standby that never comes.
async fn lonely(
    change: impl FnOnce(&mut PostgresConfig),
) -> (Server, PostgresStore, PartitionHead) {
    let server = Server::start(Version::V15);
    let mut config = server.config();
    change(&mut config);
    let store = open(config).await;
    let owned = store.take_over(ONE).await.unwrap();
    server.set("synchronous_standby_names", "nobody").await;
    (server, store, owned)
}

/// Waits for a commit to wait for its standby; answers who commits.
async fn waits_for_standby(client: &Client) -> i32 {
    let sql = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    let mut found = None;
    eventually("a commit waits for the standby", async || {
        found = client.query_opt(sql, &[]).await.unwrap();
        found.is_some()
    })
    .await;
    found.unwrap().get(0)
}

#[tokio::test]
async fn a_commit_that_is_cut_off_is_unknown_until_it_is_on_the_standby() {
    let (server, store, owned) = lonely(|_| ()).await;
    let client = server.client().await;
    let batch = append(ONE, owned, 100);
    let cut_off = async {
        let pid = waits_for_standby(&client).await;
        client
            .query("SELECT pg_terminate_backend($1)", &[&pid])
            .await
            .unwrap();
    };
    let (appended, ()) = tokio::join!(store.append(batch.clone()), cut_off);
    assert_eq!(appended.unwrap(), Appended::Unknown);
    assert_eq!(
        positions(&store, ONE).await,
        [1],
        "it is durable on the primary"
    );
    // Its repeat finds it, and still has to wait.
    let relieve = async {
        waits_for_standby(&client).await;
        server.set("synchronous_standby_names", "").await;
    };
    let (appended, ()) = tokio::join!(store.append(batch), relieve);
    assert_eq!(appended.unwrap(), Appended::Committed);
    assert_eq!(positions(&store, ONE).await, [1], "it was written once");
}

#[tokio::test]
async fn a_commit_that_stopped_waiting_is_unknown() {
    let (server, store, owned) = lonely(|_| ()).await;
    let client = server.client().await;
    let batch = append(ONE, owned, 100);
    for round in 0..2 {
        let stop_waiting = async {
            let pid = waits_for_standby(&client).await;
            client
                .query("SELECT pg_cancel_backend($1)", &[&pid])
                .await
                .unwrap();
        };
        let (appended, ()) = tokio::join!(store.append(batch.clone()), stop_waiting);
        assert_eq!(appended.unwrap(), Appended::Unknown, "round {round}");
    }
    server.wait_for_log("canceling wait for synchronous replication");
    server.set("synchronous_standby_names", "").await;
    assert_eq!(store.append(batch).await.unwrap(), Appended::Committed);
    assert_eq!(positions(&store, ONE).await, [1]);
}

#[tokio::test]
async fn a_take_over_without_the_standby_is_not_confirmed() {
    let (server, store, _) = lonely(|_| ()).await;
    let client = server.client().await;
    let stop_waiting = async {
        let pid = waits_for_standby(&client).await;
        client
            .query("SELECT pg_cancel_backend($1)", &[&pid])
            .await
            .unwrap();
    };
    let (head, ()) = tokio::join!(store.take_over(ONE), stop_waiting);
    assert!(matches!(head, Err(StoreError::Unavailable(_))), "{head:?}");
}

#[tokio::test]
async fn past_the_deadline_an_append_is_unknown_and_nothing_is_cancelled() {
    let short = |config: &mut PostgresConfig| config.append_timeout = Duration::from_millis(400);
    let (server, store, owned) = lonely(short).await;
    let client = server.client().await;
    let batch = append(ONE, owned, 100);
    assert_eq!(
        store.append(batch.clone()).await.unwrap(),
        Appended::Unknown
    );
    waits_for_standby(&client).await;
    // The commit before holds the row.
    let again = store.append(batch.clone()).await;
    assert!(
        matches!(
            again,
            Ok(Appended::Unknown) | Err(StoreError::Unavailable(_))
        ),
        "{again:?}"
    );
    server.set("synchronous_standby_names", "").await;
    assert_eq!(persist(&store, &batch).await, Appended::Committed);
    assert_eq!(positions(&store, ONE).await, [1]);
    let log = server.log();
    assert!(!log.contains("canceling wait for"), "{log}");
}

#[tokio::test]
async fn an_unknown_append_is_committed_under_a_new_owner_and_fenced_behind_its_first_batch() {
    let short = |config: &mut PostgresConfig| config.append_timeout = Duration::from_millis(400);
    let (server, store, owned) = lonely(short).await;
    let batch = append(ONE, owned, 100);
    assert_eq!(
        store.append(batch.clone()).await.unwrap(),
        Appended::Unknown
    );
    server.set("synchronous_standby_names", "").await;
    let other = open(server.config()).await;
    let mut taken = other.take_over(ONE).await.unwrap();
    assert_eq!(taken.head, 1, "the new owner goes on behind it");
    assert_eq!(persist(&store, &batch).await, Appended::Committed);
    fill(&other, &mut taken, ONE, 1).await;
    assert_eq!(persist(&store, &batch).await, Appended::Fenced);
}

#[tokio::test]
async fn partitions_share_commits_and_are_fenced_alone() {
    let server = Server::start(Version::V15);
    let store = Arc::new(
        open(PostgresConfig {
            lanes: 1,
            ..server.config()
        })
        .await,
    );
    let mut owned = vec![];
    for number in 0..20 {
        owned.push((
            PartitionId(number),
            store.take_over(PartitionId(number)).await.unwrap(),
        ));
    }
    let other = open(server.config()).await;
    other.take_over(PartitionId(7)).await.unwrap();
    let client = server.client().await;
    let commits = "SELECT count(DISTINCT xmin::text) FROM heads WHERE head > 0";
    for head in 0..5 {
        let batches = owned.iter().map(|(partition, owned)| {
            let batch = append(*partition, PartitionHead { head, ..*owned }, 100);
            let store = store.clone();
            async move { (batch.partition, store.append(batch).await.unwrap()) }
        });
        let mut asked: JoinSet<_> = batches.collect();
        while let Some(answered) = asked.join_next().await {
            let (partition, appended) = answered.unwrap();
            let expected = if partition.0 == 7 {
                Appended::Fenced
            } else {
                Appended::Committed
            };
            assert_eq!(appended, expected, "{partition:?} at {head}");
        }
        let transactions: i64 = client.query_one(commits, &[]).await.unwrap().get(0);
        assert!(
            transactions < 10,
            "19 partitions took {transactions} transactions"
        );
    }
}

#[tokio::test]
async fn a_partition_that_is_stuck_does_not_hold_up_the_others() {
    let server = Server::start(Version::V15);
    let append_timeout = Duration::from_millis(800);
    let config = PostgresConfig {
        lanes: 1,
        append_timeout,
        ..server.config()
    };
    let store = Arc::new(open(config).await);
    let mut asked = JoinSet::new();
    let client = server.client().await;
    let mut owned = vec![];
    for number in 0..4 {
        owned.push((
            PartitionId(number),
            store.take_over(PartitionId(number)).await.unwrap(),
        ));
    }
    client
        .batch_execute("BEGIN; SELECT 1 FROM heads WHERE partition = 2 FOR UPDATE")
        .await
        .unwrap();
    for (partition, owned) in owned {
        let (store, batch) = (store.clone(), append(partition, owned, 100));
        asked.spawn(async move { (partition, store.append(batch).await) });
    }
    while let Some(answered) = asked.join_next().await {
        let (partition, appended) = answered.unwrap();
        match appended {
            Ok(appended) if partition.0 != 2 => assert_eq!(appended, Appended::Committed),
            Err(StoreError::Unavailable(reason)) if partition.0 == 2 => {
                assert!(reason.contains("lock timeout"), "{reason}");
            }
            other => panic!("{partition:?}: {other:?}"),
        }
    }
    client.batch_execute("ROLLBACK").await.unwrap();
}
