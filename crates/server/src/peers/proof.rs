//! Knowing the cluster's secret, shown without telling it: HMAC-SHA256 over who proves it and a random
//! number of either side, so that nothing that was overheard can be used again.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::hex::hex;

/// A random number as it travels in a header.
pub(super) type Nonce = String;

/// What the nodes of a cluster share.
#[derive(Clone)]
pub(crate) struct ClusterSecret(String);

impl fmt::Debug for ClusterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(set)")
    }
}

/// Who proves it.
#[derive(Clone, Copy)]
pub(super) enum Side {
    /// Who connects.
    Client,
    /// Who is connected to.
    Server,
}

/// 148 random bits: each of the two has 74.
pub(super) fn nonce() -> Nonce {
    format!("{}{}", Uuid::now_v7().simple(), Uuid::now_v7().simple())
}

impl ClusterSecret {
    pub(crate) fn new(secret: &str) -> Self {
        Self(secret.to_owned())
    }

    /// The proof of one side.
    pub(super) fn proof(&self, side: Side, client: &str, server: &str) -> String {
        hex(&self.mac(side, client, server).finalize().into_bytes())
    }

    /// Whether the other side proved it; takes the same time however wrong it is.
    pub(super) fn is_proved(&self, side: Side, client: &str, server: &str, proof: &str) -> bool {
        let expected = blake3::hash(self.proof(side, client, server).as_bytes());
        // Hashes are compared in constant time.
        expected == blake3::hash(proof.as_bytes())
    }

    fn mac(&self, side: Side, client: &str, server: &str) -> Hmac<Sha256> {
        let side = match side {
            Side::Client => "client",
            Side::Server => "server",
        };
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes());
        let mut mac = mac.expect("HMAC takes keys of any length");
        mac.update(format!("orchestrator-peer-1\n{side}\n{client}\n{server}").as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_of_one_secret_side_and_pair_of_numbers() {
        let (ours, theirs) = (ClusterSecret::new("ours"), ClusterSecret::new("theirs"));
        let (client, server) = (nonce(), nonce());
        assert_ne!(client, server);
        let proof = ours.proof(Side::Client, &client, &server);
        assert!(ours.is_proved(Side::Client, &client, &server, &proof));
        assert!(!theirs.is_proved(Side::Client, &client, &server, &proof));
        assert!(!ours.is_proved(Side::Server, &client, &server, &proof));
        assert!(!ours.is_proved(Side::Client, &client, &nonce(), &proof));
        assert!(!ours.is_proved(Side::Client, &client, &server, ""));
    }
}
