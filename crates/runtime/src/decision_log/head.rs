//! Heads of chains, signed, for keeping elsewhere.

use serde::{Deserialize, Serialize};

/// What the signing key is derived for.
const PURPOSE: &str = "orchestrator 2026 heads of the decision log";

/// The end of one slot's chain of decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// The slot.
    pub slot: u16,
    /// How many decisions it holds.
    pub number: u64,
    /// The hash of the last one, hexadecimal.
    pub hash: String,
}

/// Heads as they were at one time, signed by the store that has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptHeads {
    /// When, RFC 3339.
    pub at: String,
    /// Of every slot that has decisions, in order.
    pub heads: Vec<ChainHead>,
    /// Over all of this, hexadecimal, under a key that only the store has.
    pub signature: String,
}

impl KeptHeads {
    /// Signs heads under a store's key.
    pub(crate) fn sign(at: String, heads: Vec<ChainHead>, store_key: &[u8; 32]) -> Self {
        let mut signed = Self {
            at,
            heads,
            signature: String::new(),
        };
        signed.signature = signed.expected(store_key);
        signed
    }

    /// Whether the store with this key signed them.
    pub(crate) fn is_genuine(&self, store_key: &[u8; 32]) -> bool {
        self.signature == self.expected(store_key)
    }

    fn expected(&self, store_key: &[u8; 32]) -> String {
        let key = blake3::derive_key(PURPOSE, store_key);
        let mut text = self.at.clone();
        for ChainHead { slot, number, hash } in &self.heads {
            text.push_str(&format!("\n{slot} {number} {hash}"));
        }
        blake3::keyed_hash(&key, text.as_bytes())
            .to_hex()
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_heads_are_not_genuine() {
        let head = ChainHead {
            slot: 3,
            number: 2,
            hash: "ab".to_owned(),
        };
        let kept = KeptHeads::sign("2026-01-01T00:00:00Z".to_owned(), vec![head], &[1; 32]);
        assert!(kept.is_genuine(&[1; 32]));
        assert!(!kept.is_genuine(&[2; 32]));
        let mut changed = kept.clone();
        changed.heads[0].number = 1;
        assert!(!changed.is_genuine(&[1; 32]));
        let mut later = kept;
        later.at.push('0');
        assert!(!later.is_genuine(&[1; 32]));
    }
}
