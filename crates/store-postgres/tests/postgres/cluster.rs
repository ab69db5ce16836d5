//! Leases, raced for.

use store::{Cluster, PartitionId};
use uuid::Uuid;

use crate::sample::open;
use crate::server::{Reach, Server, Version};

const ADA: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);

#[tokio::test]
async fn a_released_lease_is_taken_by_one_of_two() {
    let server = Server::start(Version::V15);
    let store = open(server.config()).await;
    for number in [3, 1, 2] {
        let lease = store.acquire_lease(PartitionId(number), ADA, None).await;
        lease.unwrap().unwrap();
    }
    let held = store.bump_leases(ADA).await.unwrap();
    let partitions: Vec<u16> = held.iter().map(|lease| lease.partition.0).collect();
    assert_eq!(partitions, [1, 2, 3]);
    assert!(store.release_lease(held[1]).await.unwrap());
    assert!(!store.release_lease(held[1]).await.unwrap());
    let free = store.leases().await.unwrap()[1];
    assert_eq!((free.partition, free.owner), (PartitionId(2), None));
    let (ada, bob) = tokio::join!(
        store.acquire_lease(free.partition, ADA, Some(free)),
        store.acquire_lease(free.partition, BOB, Some(free)),
    );
    let taken = [ada.unwrap(), bob.unwrap()];
    assert_eq!(taken.iter().flatten().count(), 1, "{taken:?}");
    assert_eq!(store.leases().await.unwrap().len(), 3);
}
