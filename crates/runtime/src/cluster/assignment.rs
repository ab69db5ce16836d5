//! Who should own which partition: rendezvous hashing, zone before node.
//!
//! Every node computes the same from the same list of nodes, without asking anyone. Each zone owns an
//! equal share whatever its number of nodes, so that the loss of one moves no more than its share;
//! within a zone each node owns an equal share. A node that comes or goes moves only its own.

use store::NodeId;

/// A node that may own partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) id: NodeId,
    pub(super) zone: String,
}

/// The node that should own a partition; none when there is no candidate.
pub(super) fn owner_of(partition: u16, candidates: &[Candidate]) -> Option<NodeId> {
    let zones = candidates.iter().map(|candidate| candidate.zone.as_str());
    let zone = zones.max_by_key(|zone| (weight(partition, zone.as_bytes()), *zone))?;
    let nodes = candidates.iter().filter(|candidate| candidate.zone == zone);
    nodes
        .map(|candidate| candidate.id)
        .max_by_key(|id| (weight(partition, id.as_bytes()), *id))
}

/// The same in every version: nodes of two versions must agree.
fn weight(partition: u16, name: &[u8]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&partition.to_be_bytes()).update(name);
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn candidates(zones: &[&str]) -> Vec<Candidate> {
        let zones = (1..).zip(zones);
        let candidate = |(number, zone): (u128, &&str)| Candidate {
            id: NodeId::from_u128(number),
            zone: (*zone).to_owned(),
        };
        zones.map(candidate).collect()
    }

    fn owners(candidates: &[Candidate]) -> Vec<NodeId> {
        (0..1_000)
            .map(|partition| owner_of(partition, candidates).expect("there are candidates"))
            .collect()
    }

    fn shares(owners: &[NodeId]) -> BTreeMap<NodeId, usize> {
        let mut shares = BTreeMap::new();
        for owner in owners {
            *shares.entry(*owner).or_default() += 1;
        }
        shares
    }

    #[test]
    fn shares_are_even_and_a_lost_node_moves_only_its_own() {
        assert_eq!(owner_of(1, &[]), None);
        let four = candidates(&["", "", "", ""]);
        let before = owners(&four);
        assert!(
            shares(&before)
                .values()
                .all(|share| (200..300).contains(share))
        );
        let mut reversed = four.clone();
        reversed.reverse();
        assert_eq!(
            owners(&reversed),
            before,
            "the order of the list does not matter"
        );
        let gone = four[2].id;
        let rest: Vec<Candidate> = four.into_iter().filter(|c| c.id != gone).collect();
        for (was, is) in before.iter().zip(owners(&rest)) {
            assert!(*was == gone || *was == is, "what others owned stays");
            assert_ne!(is, gone);
        }
    }

    #[test]
    fn each_zone_owns_its_share_whatever_its_number_of_nodes() {
        let nodes = candidates(&["a", "a", "a", "b"]);
        let shares = shares(&owners(&nodes));
        let of_b = shares[&nodes[3].id];
        assert!((450..550).contains(&of_b), "{shares:?}");
    }
}
