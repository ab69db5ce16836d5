//! How a stream reaches the client.

use std::convert::Infallible;
use std::time::Duration;

use api::Code;
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::follow::{Follow, Said};
use crate::door::Refusal;
use crate::state::{Door, stopped};

/// Says that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a client may leave a message unread before it is let go.
const SEND_FOR: Duration = Duration::from_secs(30);

/// Clients have nothing long to say, in bytes.
const MAX_MESSAGE: usize = 64 << 10;

const NORMAL: u16 = 1_000;
const GOING_AWAY: u16 = 1_001;
const FAILED: u16 = 1_011;

/// How the client wants it, and from where.
pub struct Asked {
    upgrade: Option<WebSocketUpgrade>,
    last_event_id: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let last_event_id = last_event_id(&parts.headers);
        if !parts.headers.contains_key(header::UPGRADE) {
            return Ok(Self {
                upgrade: None,
                last_event_id,
            });
        }
        let refused = |error: axum::extract::ws::rejection::WebSocketUpgradeRejection| {
            Refusal::new(Code::BAD_HEADER, format!("no WebSocket handshake: {error}"))
        };
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state)
            .await
            .map_err(refused)?;
        Ok(Self {
            upgrade: Some(upgrade),
            last_event_id,
        })
    }
}

impl Asked {
    /// What the client saw last, when it comes back by itself.
    pub fn last_event_id(&self) -> Option<&str> {
        self.last_event_id.as_deref()
    }
}

fn last_event_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("last-event-id")?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Sends the stream as the client asked for it.
///
/// # Errors
/// When there are too many streams.
pub fn answer(door: &Door, asked: Asked, follow: impl Follow) -> Result<Response, Refusal> {
    let slot = door.stream_slot()?;
    let stopping = door.stopping();
    Ok(match asked.upgrade {
        Some(upgrade) => {
            let upgrade = upgrade
                .max_message_size(MAX_MESSAGE)
                .max_frame_size(MAX_MESSAGE);
            upgrade.on_upgrade(move |socket| over_socket(socket, follow, stopping, slot))
        }
        None => as_events(follow, stopping, slot),
    })
}

/// Server-sent events: `record` with the place as id, then `end` or `problem`.
fn as_events(
    follow: impl Follow,
    stopping: watch::Receiver<bool>,
    slot: OwnedSemaphorePermit,
) -> Response {
    let events = unfold(Some((follow, stopping, slot)), |state| async {
        let (mut follow, mut stopping, slot) = state?;
        let said = tokio::select! {
            biased;
            () = stopped(&mut stopping) => None,
            said = follow.next() => said,
        };
        let (event, more) = match said? {
            Said::Record { json, place } => {
                (Event::default().event("record").id(place).data(json), true)
            }
            Said::End(status) => {
                let data = serde_json::json!({ "status": status }).to_string();
                (Event::default().event("end").data(data), false)
            }
            Said::Problem(problem) => {
                let data = serde_json::to_string(&problem).unwrap_or_default();
                (Event::default().event("problem").data(data), false)
            }
        };
        Some((
            Ok::<Event, Infallible>(event),
            more.then_some((follow, stopping, slot)),
        ))
    });
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    let quick = axum::http::HeaderValue::from_static("no");
    response.headers_mut().insert("x-accel-buffering", quick);
    response
}

/// A WebSocket: one text message per record; the close frame says why it ended.
async fn over_socket(
    mut socket: WebSocket,
    mut follow: impl Follow,
    mut stopping: watch::Receiver<bool>,
    slot: OwnedSemaphorePermit,
) {
    let mut beat = tokio::time::interval(KEEP_ALIVE);
    beat.tick().await;
    let (code, reason) = loop {
        let message = tokio::select! {
            biased;
            () = stopped(&mut stopping) => break (GOING_AWAY, "the server is stopping".to_owned()),
            received = socket.recv() => match received {
                // Clients have nothing to say but that they leave.
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            said = follow.next() => match said {
                Some(Said::Record { json, .. }) => Message::Text(json.into()),
                Some(Said::End(status)) => break (NORMAL, status),
                Some(Said::Problem(problem)) => break (FAILED, format!("{}: {}", problem.code, problem.title)),
                None => break (GOING_AWAY, "the stream is over".to_owned()),
            },
            _ = beat.tick() => Message::Ping(bytes::Bytes::new()),
        };
        match tokio::time::timeout(SEND_FOR, socket.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    };
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::from(reason),
    };
    // The client may be gone; then there is nobody to tell.
    let _ = tokio::time::timeout(SEND_FOR, socket.send(Message::Close(Some(frame)))).await;
    drop(slot);
}
