//! Parts of the path.

use api::Code;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use engine::Id;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// The id of an instance, decision or the like in the path.
#[derive(Clone, Copy, Debug)]
pub struct PathId(pub Id);

/// Several parts of the path, by place.
#[derive(Clone, Debug)]
pub struct Segments<T>(pub T);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Segments(text) = Segments::<String>::from_request_parts(parts, state).await?;
        parse_id(&text).map(Self)
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let found = Path::<T>::from_request_parts(parts, state).await;
        let refused = |_| {
            Refusal::new(
                Code::BAD_ID,
                "the path holds something that is no name or id",
            )
        };
        found.map(|Path(found)| Self(found)).map_err(refused)
    }
}

/// An id from text.
pub fn parse_id(text: &str) -> Result<Id, Refusal> {
    text.parse()
        .map_err(|error: engine::InvalidId| Refusal::new(Code::BAD_ID, error.to_string()))
}
