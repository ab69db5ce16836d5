//! The side that is connected to.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::StreamBody;
use runtime::Connection;
use tokio::sync::mpsc;

use super::frames::{Frames, WAITING, of_channel, written};
use super::proof::{ClusterSecret, Side, nonce};
use crate::state::Door;

/// Where nodes connect.
pub(crate) const PATH: &str = "/peer/v1/link";
/// A side's random number.
pub(super) const NONCE: &str = "orchestrator-nonce";
/// What shows that the server knows the secret.
pub(super) const PROOF: &str = "orchestrator-proof";
/// How long the other side has for its proof.
const PROVE: Duration = Duration::from_secs(3);

/// Connects another node. Nothing that it sends is looked at before its proof.
pub(crate) async fn link(State(door): State<Arc<Door>>, request: Request) -> Response {
    let Some(secret) = door.cluster_secret.clone() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let theirs = request.headers().get(NONCE);
    let Some(theirs) = theirs.and_then(|value| value.to_str().ok()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let (theirs, ours) = (theirs.to_owned(), nonce());
    let proof = secret.proof(Side::Server, &theirs, &ours);
    let (outgoing, frames) = mpsc::channel(WAITING);
    let incoming = Frames::in_body(request.into_body());
    tokio::spawn(serve(
        door,
        secret,
        theirs,
        ours.clone(),
        incoming,
        outgoing,
    ));
    let body = StreamBody::new(written(of_channel(frames)).boxed());
    let mut response = Response::new(Body::new(body));
    for (name, value) in [(NONCE, ours), (PROOF, proof)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn serve(
    door: Arc<Door>,
    secret: ClusterSecret,
    theirs: String,
    ours: String,
    mut incoming: Frames<Body>,
    outgoing: mpsc::Sender<Bytes>,
) {
    let proof = tokio::time::timeout(PROVE, incoming.next()).await;
    let proved = matches!(proof, Ok(Some(proof)) if {
        let proof = String::from_utf8_lossy(&proof);
        secret.is_proved(Side::Client, &theirs, &ours, &proof)
    });
    if !proved {
        tracing::warn!("refused a connection that does not know this cluster's secret");
        return;
    }
    let (to, from) = mpsc::channel(WAITING);
    let passing = tokio::spawn(incoming.pass_on(to));
    let connection = Connection {
        outgoing,
        incoming: from,
    };
    let mut stopping = door.stopping();
    tokio::select! {
        () = door.runtime.serve_peer(connection) => {}
        () = crate::state::stopped(&mut stopping) => {}
    }
    passing.abort();
}
