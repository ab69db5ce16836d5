//! What can be asked of one instance beside its early end.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;

/// A signal to an instance.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalRequest {
    /// The name that a step waits for: 1 to 128 bytes, without control characters.
    #[schema(example = "payment-received")]
    pub name: String,
    /// What the step that takes it has as its output; `null` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}
