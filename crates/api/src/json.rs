//! JSON that belongs to users and passes through as text.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Any JSON value, kept as the text it came as: numbers keep their digits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Value)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The value in these bytes; `null` where they are not one JSON document.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let raw: Option<&RawValue> = serde_json::from_slice(bytes).ok();
        raw.map_or_else(Self::null, |raw| Self(raw.to_owned()))
    }

    /// The text of this value.
    #[must_use]
    pub fn from_value(value: &serde_json::Value) -> Self {
        Self::from_bytes(value.to_string().as_bytes())
    }

    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The value, parsed; `null` where it nests deeper than the parser goes.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(self.text()).unwrap_or_default()
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::null()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}
