//! One connection, one request at a time.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::{Answer, Head, Length, join_chunks, parse_head};

/// How long an answer may take; longer than any wait that is asked for.
const PATIENCE: Duration = Duration::from_secs(330);
/// Room for the answer, to begin with, in bytes.
const ROOM: usize = 64 * 1024;

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read of the answer under way.
    read: Vec<u8>,
    /// The body of a chunked answer.
    joined: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await;
        let stream = stream.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(ROOM),
            joined: Vec::new(),
        })
    }

    /// Sends a request (see [`super::post`]) and reads its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        let answered = tokio::time::timeout(PATIENCE, self.answer_to(request)).await;
        let head = answered.with_context(|| format!("no answer within {PATIENCE:?}"))??;
        let body = match head.body {
            Length::Bytes(length) => &self.read[head.length..head.length + length],
            Length::Chunks => &self.joined,
        };
        Ok(Answer {
            status: head.status,
            body,
        })
    }

    async fn answer_to(&mut self, request: &[u8]) -> Result<Head> {
        self.read.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.read_more().await?;
            if let Some(head) = parse_head(&self.read)? {
                break head;
            }
        };
        while !self.is_whole(head)? {
            self.read_more().await?;
        }
        Ok(head)
    }

    fn is_whole(&mut self, head: Head) -> Result<bool> {
        match head.body {
            Length::Bytes(length) => Ok(self.read.len() >= head.length + length),
            Length::Chunks => {
                let joined = join_chunks(&self.read[head.length..])?;
                let whole = joined.is_some();
                self.joined = joined.map(|(bytes, _)| bytes).unwrap_or_default();
                Ok(whole)
            }
        }
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the connection ended before the answer was whole");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::http::{get, post};

    /// Answers whatever comes with these parts, one write each.
    async fn answering(parts: Vec<&'static [u8]>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 1_024];
            while stream.read(&mut read).await.unwrap() > 0 {
                for part in &parts {
                    stream.write_all(part).await.unwrap();
                    stream.flush().await.unwrap();
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn a_connection_is_used_again() {
        let parts: Vec<&[u8]> = vec![b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: 2\r\n\r\n", b"{}"];
        let address = answering(parts).await;
        let mut connection = Connection::open(address).await.unwrap();
        for _ in 0..3 {
            let request = post("/a", "application/json", b"[1]");
            let answer = connection.exchange(&request).await.unwrap();
            assert_eq!((answer.status, answer.body), (200, b"{}".as_slice()));
        }
    }

    #[tokio::test]
    async fn a_chunked_answer_is_joined() {
        let parts: Vec<&[u8]> = vec![
            b"HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno",
            b"\r\n0\r\n\r\n",
        ];
        let mut connection = Connection::open(answering(parts).await).await.unwrap();
        let answer = connection.exchange(&get("/")).await.unwrap();
        assert!(answer.is_push_back());
        assert_eq!(answer.body, b"no");
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")
                .await
                .unwrap();
        });
        let mut connection = Connection::open(address).await.unwrap();
        assert!(connection.exchange(&get("/")).await.is_err());
    }
}
