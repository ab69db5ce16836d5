//! Connections: HTTP/1.1 and HTTP/2 on one port, bounded, and let go gracefully.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::{Service, ServiceExt, service_fn};

use crate::settings::Limits;
use crate::state::stopped;

/// How long a client may take for a request's head, the pause before it included.
const HEAD_FOR: Duration = Duration::from_secs(75);
/// How long to wait when the system has no more sockets to give.
const PAUSE: Duration = Duration::from_millis(100);

/// An address that is listened on.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    /// Listens on the address; port 0 takes any.
    ///
    /// # Errors
    /// When the address is not to be had.
    pub async fn on(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `stopping` turns true; then takes no new connection and waits for
    /// requests under way, at most the grace.
    pub async fn serve(self, router: Router, limits: Limits, stopping: watch::Receiver<bool>) {
        let room = Arc::new(Semaphore::new(limits.connections));
        let mut connections = JoinSet::new();
        let mut stop = stopping.clone();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                accepted = accept(&self.listener, &room) => accepted,
            };
            let Some((stream, peer, place)) = accepted else {
                continue;
            };
            let router = router.clone();
            let stopping = stopping.clone();
            connections.spawn(async move {
                connection(stream, peer, router, stopping).await;
                drop(place);
            });
        }
        drop(self.listener);
        let grace = Duration::from_millis(limits.grace_ms);
        let gone = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, gone).await.is_err() {
            tracing::warn!("connections that did not end in time are cut");
        }
    }
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> Option<Accepted> {
    let place = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers must not wait for more to send.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut router = router.clone();
        async move {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let ready: Result<&mut Router, Infallible> =
                ServiceExt::<axum::extract::Request>::ready(&mut router).await;
            match ready {
                Ok(router) => router.call(request).await,
                Err(never) => match never {},
            }
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_FOR);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(1_000);
    let io = TokioIo::new(stream);
    let running = builder.serve_connection_with_upgrades(io, TowerToHyperService::new(service));
    let mut running = std::pin::pin!(running);
    let ended = tokio::select! {
        biased;
        ended = running.as_mut() => ended,
        () = stopped(&mut stopping) => {
            running.as_mut().graceful_shutdown();
            running.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, %peer, "a connection ended early");
    }
}
