//! Where an answer ends, and what it says.

use anyhow::{Context, Result, bail};
use memchr::memmem;
use serde::de::DeserializeOwned;

/// The most that an answer's head may have, in bytes.
const HEAD_BYTES: usize = 16 * 1024;

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// The status code.
    pub(crate) status: u16,
    /// The body; chunked ones are joined.
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// Whether what was asked for was done.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the server has no room now, and the request may be sent again.
    pub(crate) fn is_push_back(&self) -> bool {
        matches!(self.status, 429 | 503)
    }

    /// The body as JSON; what is not a success is an error that holds the body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.demand_success()?;
        serde_json::from_slice(self.body).context("expected a body of JSON")
    }

    /// An error that holds the body, unless it is a success.
    pub(crate) fn demand_success(&self) -> Result<()> {
        if self.is_success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(self.body);
        bail!("expected a success, but got {}: {text}", self.status)
    }
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// It has so many bytes.
    Bytes(usize),
    /// It comes in chunks, the last one empty.
    Chunks,
}

/// The head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Bytes of the head.
    pub(super) length: usize,
    pub(super) body: Length,
}

/// Reads a head, as soon as it is there whole.
pub(super) fn parse_head(bytes: &[u8]) -> Result<Option<Head>> {
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
        if bytes.len() > HEAD_BYTES {
            bail!("expected a head of at most {HEAD_BYTES} bytes");
        }
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..end])?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let status = status.context("expected a status line")?.parse()?;
    let mut body = Length::Bytes(0);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = Length::Bytes(value.trim().parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            body = Length::Chunks;
        }
    }
    let length = end + 4;
    Ok(Some(Head {
        status,
        length,
        body,
    }))
}

/// Joins the chunks, as soon as the last one is there; with it goes how many bytes they took.
pub(super) fn join_chunks(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>> {
    let (mut joined, mut at) = (Vec::new(), 0);
    loop {
        let Some(line) = memmem::find(&bytes[at..], b"\r\n") else {
            return Ok(None);
        };
        let size = std::str::from_utf8(&bytes[at..at + line])?;
        let size = size.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16)?;
        let from = at + line + 2;
        if bytes.len() < from + size + 2 {
            return Ok(None);
        }
        joined.extend_from_slice(&bytes[from..from + size]);
        at = from + size + 2;
        if size == 0 {
            return Ok(Some((joined, at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_the_length_of_the_body() {
        let bytes = b"HTTP/1.1 201 Created\r\nContent-Length: 12\r\nx-a: b\r\n\r\n{";
        let head = parse_head(bytes).unwrap().unwrap();
        assert_eq!((head.status, head.body), (201, Length::Bytes(12)));
        assert_eq!(&bytes[head.length..], b"{");
        assert_eq!(parse_head(&bytes[..30]).unwrap(), None);
    }

    #[test]
    fn chunks_are_joined_once_the_last_is_there() {
        let bytes = b"4\r\nwork\r\n3;x=y\r\ner!\r\n0\r\n\r\nHTTP";
        let (joined, taken) = join_chunks(bytes).unwrap().unwrap();
        assert_eq!((joined.as_slice(), taken), (b"worker!".as_slice(), 26));
        assert_eq!(join_chunks(&bytes[..20]).unwrap(), None);
    }
}
