//! Commands and refusals as bytes, for nodes that tell each other: JSON, in which what is protobuf in
//! the journal stays protobuf, base64. A node that meets a variant that it does not know says so and
//! is not asked again; nothing of this is ever stored.

use serde::{Deserialize, Serialize};

use crate::command::{Command, Refusal};

/// These bytes are of a newer binary.
#[derive(Debug, thiserror::Error)]
#[error("it comes from another version: {0}")]
pub struct WireError(#[from] serde_json::Error);

impl Command {
    /// The command as bytes.
    pub fn to_wire(&self) -> Vec<u8> {
        written(self)
    }

    /// The command in these bytes.
    ///
    /// # Errors
    /// When a newer binary wrote them.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, WireError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

impl Refusal {
    /// The refusal as bytes.
    pub fn to_wire(&self) -> Vec<u8> {
        written(self)
    }

    /// The refusal in these bytes.
    ///
    /// # Errors
    /// When a newer binary wrote them.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, WireError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

fn written(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and bytes are always JSON")
}

/// `#[serde(with = "wire::message")]` for what is protobuf in the journal.
pub(crate) mod message {
    use super::{Deserialize, Serialize};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
    use prost::Message;
    use serde::{Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(
        value: &impl Message,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        BASE64.encode(value.encode_to_vec()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, M, D>(deserializer: D) -> Result<M, D::Error>
    where
        M: Message + Default,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text).map_err(D::Error::custom)?;
        M::decode(bytes.as_slice()).map_err(D::Error::custom)
    }
}

/// `#[serde(with = "wire::payload")]`: the text itself, for a blob may not be stored anywhere yet.
pub(crate) mod payload {
    use super::{Deserialize, Serialize};
    use crate::payload::Payload;
    use serde::{Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(
        payload: &Payload,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let bytes = payload.bytes();
        let text = std::str::from_utf8(&bytes).map_err(serde::ser::Error::custom)?;
        text.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Payload, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(D::Error::custom)?;
        Ok(Payload::from_bytes(text.into()))
    }
}

/// `#[serde(with = "wire::optional_payload")]`.
pub(crate) mod optional_payload {
    use super::{Deserialize, Serialize};
    use crate::payload::Payload;
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Text(#[serde(with = "super::payload")] Payload);

    pub(crate) fn serialize<S: Serializer>(
        payload: &Option<Payload>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        payload.clone().map(Text).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Payload>, D::Error> {
        let text = Option::<Text>::deserialize(deserializer)?;
        Ok(text.map(|Text(payload)| payload))
    }
}

/// `#[serde(with = "wire::bytes")]`.
pub(crate) mod bytes {
    use super::{Deserialize, Serialize};
    use ::bytes::Bytes;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
    use serde::{Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(
        bytes: &Bytes,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        BASE64.encode(bytes).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text).map_err(D::Error::custom)?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Answer, Authority, InputError, Signal, SignalKey, TaskOutcome};
    use crate::payload::Payload;
    use crate::record::{Choice, TaskKey};

    #[test]
    fn commands_and_refusals_come_back_and_unknown_ones_are_refused() {
        let result = Command::Result {
            task: TaskKey {
                attempt: 3,
                ..TaskKey::default()
            },
            outcome: TaskOutcome::Completed {
                output: Payload::from_bytes("{\"a\":1}".into()),
                target: "t".into(),
                exchange: String::new(),
                kept_by: None,
            },
        };
        let decide = Command::Decide {
            id: "0192c3a4-0000-7000-8000-000000000001"
                .parse()
                .expect("an id"),
            answer: Answer {
                data: Some(Payload::from_bytes("[1]".into())),
                authority: Authority::Link(2),
                ..Answer::plain(Choice::Amend)
            },
        };
        let signal = Command::Signal(Signal {
            name: "paid".into(),
            data: Payload::from_bytes("{\"n\":1}".into()),
            key: Some(SignalKey {
                key: vec![1; 16].into(),
                digest: vec![255; 16].into(),
            }),
        });
        for command in [result, decide, signal, Command::Compensate] {
            let back = Command::from_wire(&command.to_wire()).expect("known");
            assert_eq!(format!("{back:?}"), format!("{command:?}"));
        }
        let refusals = [
            Refusal::Stale("nothing".into()),
            Refusal::SignalRepeated,
            Refusal::TooManySignals { kept: 3, bytes: 4 },
            Refusal::AlreadyDecided(Box::default()),
            Refusal::Input(vec![InputError {
                pointer: "/a".into(),
                message: "expected a number".into(),
            }]),
        ];
        for refusal in refusals {
            let back = Refusal::from_wire(&refusal.to_wire()).expect("known");
            assert_eq!(back, refusal);
        }
        assert!(Command::from_wire(b"{\"Teleport\":{}}").is_err());
    }
}
