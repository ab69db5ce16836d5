//! The key that seals heads of the log of decisions. It stands in the configuration and not in the store: whoever
//! can write the database can write the log anew and sign its heads as the store does, but not seal them. Whoever has
//! the public key can tell, without the server.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::hex::{hex, unhex};

/// A private key of Ed25519.
pub struct AuditKey(Ed25519KeyPair);

impl AuditKey {
    /// The key of this seed.
    ///
    /// # Errors
    /// When it is not 64 hexadecimal digits.
    pub fn of_seed(text: &str) -> Result<Self, String> {
        let expected = "expected 64 hexadecimal digits, such as `openssl rand -hex 32` prints";
        let seed = unhex(text.trim()).filter(|seed| seed.len() == 32);
        let pair = seed.and_then(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).ok());
        pair.map(Self).ok_or_else(|| expected.to_owned())
    }

    /// What its seals are checked with, hexadecimal.
    #[must_use]
    pub fn public_key(&self) -> String {
        hex(self.0.public_key().as_ref())
    }

    /// Its seal on a text, hexadecimal.
    #[must_use]
    pub fn seal(&self, text: &str) -> String {
        hex(self.0.sign(text.as_bytes()).as_ref())
    }
}

/// Whether the key with this public key sealed a text.
#[must_use]
pub fn is_sealed(text: &str, public_key: &str, seal: &str) -> bool {
    let (Some(public_key), Some(seal)) = (unhex(public_key), unhex(seal)) else {
        return false;
    };
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    key.verify(text.as_bytes(), &seal).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first test of RFC 8032, section 7.1.
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const SEAL: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

    #[test]
    fn a_key_is_what_the_standard_says() {
        let key = AuditKey::of_seed(SEED).unwrap();
        assert_eq!(key.public_key(), PUBLIC);
        assert_eq!(key.seal(""), SEAL);
        assert!(is_sealed("", PUBLIC, SEAL));
    }

    #[test]
    fn what_is_not_sealed_by_the_key_shows() {
        let key = AuditKey::of_seed(SEED).unwrap();
        let seal = key.seal("heads");
        assert!(is_sealed("heads", PUBLIC, &seal));
        assert!(!is_sealed("other heads", PUBLIC, &seal));
        let other = AuditKey::of_seed(&"1".repeat(64)).unwrap().public_key();
        for public_key in [other.as_str(), "", "zz", "ab"] {
            assert!(!is_sealed("heads", public_key, &seal), "{public_key}");
        }
        for wrong in ["", "ab", &"g".repeat(64), &"1".repeat(66)] {
            assert!(AuditKey::of_seed(wrong).is_err(), "{wrong}");
        }
    }
}
