//! A port that can be given up and taken again, and the connections on it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// A pause after an accept that failed (no file handle left, say), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Names a connection of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConnectionId(u64);

/// Whether connections are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Power {
    On,
    /// Cut all connections but the asker's, which ends after its answer.
    Off {
        asker: Option<ConnectionId>,
    },
}

/// A request to the port; `done` is answered when it is so.
#[derive(Debug)]
pub(crate) struct PowerChange {
    pub(crate) to: Power,
    pub(crate) done: oneshot::Sender<io::Result<()>>,
}

/// Binds a port of the loopback address; 0 takes any free one.
pub(crate) fn bind(port: u16) -> io::Result<TcpListener> {
    hold(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?.listen(BACKLOG)
}

/// A socket that is bound but does not listen: the port stays ours, connections to it are refused.
fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

enum Socket {
    Open(TcpListener),
    /// Bound but not listening, to keep the port from others.
    Held(TcpSocket),
    /// Between the two.
    None,
}

struct Connection {
    task: JoinHandle<()>,
    finish: Arc<Notify>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves an app on an address until its task is dropped.
pub(crate) struct Port {
    address: SocketAddr,
    app: Router,
    socket: Socket,
    changes: mpsc::Receiver<PowerChange>,
    connections: BTreeMap<ConnectionId, Connection>,
    last: u64,
}

impl Port {
    pub(crate) fn new(
        listener: TcpListener,
        app: Router,
        changes: mpsc::Receiver<PowerChange>,
    ) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            app,
            socket: Socket::Open(listener),
            changes,
            connections: BTreeMap::new(),
            last: 0,
        })
    }

    /// Runs until all senders of changes are gone.
    pub(crate) async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                change = self.changes.recv() => match change {
                    Some(change) => self.change(change),
                    None => return,
                },
                accepted = accept(&self.socket) => match accepted {
                    Ok(stream) => self.serve(stream),
                    Err(error) => {
                        tracing::warn!(address = %self.address, %error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }

    fn change(&mut self, change: PowerChange) {
        let result = match change.to {
            Power::On => self.open(),
            Power::Off { asker } => self.close(asker),
        };
        // An asker that went away does not need to know.
        let _ = change.done.send(result);
    }

    fn open(&mut self) -> io::Result<()> {
        if matches!(self.socket, Socket::Open(_)) {
            return Ok(());
        }
        let held = std::mem::replace(&mut self.socket, Socket::None);
        let socket = match held {
            Socket::Held(socket) => socket,
            Socket::Open(_) | Socket::None => hold(self.address)?,
        };
        self.socket = Socket::Open(socket.listen(BACKLOG)?);
        Ok(())
    }

    fn close(&mut self, asker: Option<ConnectionId>) -> io::Result<()> {
        if matches!(self.socket, Socket::Open(_)) {
            // A listening socket does not share its port: it has to go before the holding one is bound.
            self.socket = Socket::None;
            self.socket = Socket::Held(hold(self.address)?);
        }
        self.connections.retain(|id, _| Some(*id) == asker);
        for connection in self.connections.values() {
            connection.finish.notify_one();
        }
        Ok(())
    }

    fn serve(&mut self, stream: TcpStream) {
        self.connections
            .retain(|_, connection| !connection.task.is_finished());
        self.last += 1;
        let id = ConnectionId(self.last);
        let finish = Arc::new(Notify::new());
        let app = self.app.clone().layer(Extension(id));
        let task = tokio::spawn(talk(stream, app, finish.clone()));
        self.connections.insert(id, Connection { task, finish });
    }
}

async fn accept(socket: &Socket) -> io::Result<TcpStream> {
    match socket {
        Socket::Open(listener) => listener.accept().await.map(|(stream, _)| stream),
        Socket::Held(_) | Socket::None => std::future::pending().await,
    }
}

/// One connection, HTTP/1.1 or HTTP/2, until it ends or is asked to finish.
async fn talk(stream: TcpStream, app: Router, finish: Arc<Notify>) {
    // Answers are small: waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let builder = Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    tokio::pin!(connection);
    let result = tokio::select! {
        biased;
        () = finish.notified() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        result = connection.as_mut() => result,
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke");
    }
}
