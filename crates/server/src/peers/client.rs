//! The side that connects.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::StreamBody;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use runtime::{Connection, Peers};
use store::Node;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::frames::{Frames, WAITING, of_channel, written};
use super::proof::{ClusterSecret, Side, nonce};
use super::route::{NONCE, PATH, PROOF};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(3);
/// A connection that is silent for so long is asked whether it lives ...
const ALIVE_EVERY: Duration = Duration::from_secs(2);
/// ... and is dropped after so long without an answer.
const ALIVE_WITHIN: Duration = Duration::from_secs(3);

/// Other nodes, reached over HTTP/2.
pub(crate) struct HttpPeers {
    secret: ClusterSecret,
}

impl HttpPeers {
    pub(crate) fn new(secret: ClusterSecret) -> Self {
        Self { secret }
    }

    async fn try_connect(&self, url: &str) -> Result<Connection, String> {
        let address = address_in(url)?;
        let stream = TcpStream::connect(&address).await;
        let stream = stream.map_err(|error| format!("connecting to {address}: {error}"))?;
        let _ = stream.set_nodelay(true);
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(ALIVE_EVERY)
            .keep_alive_timeout(ALIVE_WITHIN)
            .adaptive_window(true);
        let (mut sender, connection) = builder
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| format!("HTTP/2 with {address}: {error}"))?;
        // It ends with the last stream.
        tokio::spawn(connection);
        let (outgoing, frames) = mpsc::channel(WAITING);
        let ours = nonce();
        let body = StreamBody::new(written(of_channel(frames)).boxed());
        let request = Request::post(format!("{url}{PATH}"))
            .header(NONCE, &ours)
            .body(body)
            .map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| format!("asking {address}: {error}"))?;
        self.prove(&ours, &response, &outgoing).await?;
        let (to, incoming) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            Frames::in_body(response.into_body()).pass_on(to).await;
            drop(sender);
        });
        Ok(Connection { outgoing, incoming })
    }

    async fn prove(
        &self,
        ours: &str,
        response: &Response<Incoming>,
        outgoing: &mpsc::Sender<Bytes>,
    ) -> Result<(), String> {
        if response.status() != StatusCode::OK {
            let status = response.status();
            return Err(format!("it answers {status}: is it a node of a cluster?"));
        }
        let header = |name| {
            let value = response.headers().get(name);
            value.and_then(|value| value.to_str().ok()).unwrap_or("")
        };
        let theirs = header(NONCE);
        if !self
            .secret
            .is_proved(Side::Server, ours, theirs, header(PROOF))
        {
            return Err("it does not know this cluster's secret: is it of another cluster?".into());
        }
        let proof = self.secret.proof(Side::Client, ours, theirs);
        let sent = outgoing.send(proof.into()).await;
        sent.map_err(|_| "the connection broke at once".to_owned())
    }
}

fn address_in(url: &str) -> Result<String, String> {
    let uri: Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
    if uri.scheme_str() != Some("http") {
        return Err(format!(
            "expected http://HOST:PORT as the address of a node, but got {url}"
        ));
    }
    let host = uri.host().unwrap_or_default();
    Ok(format!("{host}:{}", uri.port_u16().unwrap_or(80)))
}

#[async_trait]
impl Peers for HttpPeers {
    async fn connect(&self, to: &Node) -> Result<Connection, String> {
        match tokio::time::timeout(CONNECT, self.try_connect(&to.url)).await {
            Ok(connected) => connected,
            Err(_) => Err(format!("it did not answer within {CONNECT:?}")),
        }
    }
}
