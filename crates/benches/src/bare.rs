//! A service that does only what cannot be left out: it reads a request, and answers when its body is in the embedded
//! store's journal. What waits meanwhile goes with the next append, as in the product.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use store::PartitionId;
use store_sqlite::SqliteStore;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::journal::Writer;

/// Bodies that wait for the next append.
const WAITING: usize = 1_024;
/// The partition that is written.
const PARTITION: PartitionId = PartitionId(0);

type Job = (Bytes, oneshot::Sender<()>);

/// Serves until the process is ended.
pub(crate) async fn serve(listen: SocketAddr, folder: &Path) -> Result<()> {
    let store = Arc::new(SqliteStore::open(
        folder,
        &store_sqlite::Options::default(),
    )?);
    let (sender, jobs) = mpsc::channel(WAITING);
    let written = tokio::spawn(write(store, jobs));
    let listener = TcpListener::bind(listen).await?;
    while !written.is_finished() {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let sender = sender.clone();
        let answer = service_fn(move |request| answer(request, sender.clone()));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        // A client that goes away is no news.
        tokio::spawn(async move { connection.await.ok() });
    }
    written.await?
}

async fn answer(
    request: Request<Incoming>,
    jobs: mpsc::Sender<Job>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let (reply, durable) = oneshot::channel();
    let taken = jobs.send((body, reply)).await.is_ok() && durable.await.is_ok();
    let mut response = Response::new(Full::default());
    *response.status_mut() = if taken {
        StatusCode::ACCEPTED
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    Ok(response)
}

async fn write(store: Arc<SqliteStore>, mut jobs: mpsc::Receiver<Job>) -> Result<()> {
    let mut writer = Writer::of(store.as_ref(), PARTITION).await?;
    let mut waiting = Vec::new();
    while jobs.recv_many(&mut waiting, WAITING).await > 0 {
        let mut body = BytesMut::new();
        waiting
            .iter()
            .for_each(|(bytes, _)| body.extend_from_slice(bytes));
        writer.append(body.freeze()).await?;
        // Who sent it may have gone.
        for (_, reply) in waiting.drain(..) {
            reply.send(()).ok();
        }
    }
    Ok(())
}
