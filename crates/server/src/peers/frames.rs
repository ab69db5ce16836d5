//! Frames in a stream of bytes: each after its length, four bytes, most significant first.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

/// A frame that is longer is not of a node.
const LONGEST: usize = 256 << 20;
/// Frames that wait in one direction; then the other side waits.
pub(super) const WAITING: usize = 16;

/// These frames as a body.
pub(super) fn written(
    frames: impl Stream<Item = Bytes>,
) -> impl Stream<Item = Result<Frame<Bytes>, std::convert::Infallible>> {
    frames.map(|frame| {
        let mut bytes = BytesMut::with_capacity(4 + frame.len());
        bytes.put_u32(u32::try_from(frame.len()).unwrap_or(u32::MAX));
        bytes.extend_from_slice(&frame);
        Ok(Frame::data(bytes.freeze()))
    })
}

/// A channel's frames as a stream.
pub(super) fn of_channel(frames: mpsc::Receiver<Bytes>) -> impl Stream<Item = Bytes> {
    futures_util::stream::unfold(frames, async |mut frames| {
        let frame = frames.recv().await?;
        Some((frame, frames))
    })
}

/// Reads frames out of a body.
pub(super) struct Frames<B> {
    body: B,
    read: BytesMut,
}

impl<B: Body<Data = Bytes> + Unpin> Frames<B> {
    pub(super) fn in_body(body: B) -> Self {
        Self {
            body,
            read: BytesMut::new(),
        }
    }

    /// The next frame; none when the stream ends or breaks.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(length) = self.read.first_chunk::<4>() {
                let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
                if length > LONGEST {
                    return None;
                }
                if self.read.len() >= 4 + length {
                    self.read.advance(4);
                    return Some(self.read.split_to(length).freeze());
                }
                self.read.reserve(4 + length - self.read.len());
            }
            let frame = self.body.frame().await?.ok()?;
            if let Ok(data) = frame.into_data() {
                self.read.extend_from_slice(&data);
            }
        }
    }

    /// Passes frames on until either side ends.
    pub(super) async fn pass_on(mut self, to: mpsc::Sender<Bytes>) {
        loop {
            let frame = tokio::select! {
                biased;
                () = to.closed() => return,
                frame = self.next() => frame,
            };
            let Some(frame) = frame else { return };
            if to.send(frame).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_come_back_whole_however_the_bytes_are_cut() {
        let frames = [
            Bytes::from_static(b"one"),
            Bytes::new(),
            vec![7; 70_000].into(),
        ];
        let whole: Vec<u8> = written(futures_util::stream::iter(frames.clone()))
            .flat_map(|frame| {
                let data = frame.map(|frame| frame.into_data().unwrap_or_default());
                futures_util::stream::iter(data.unwrap_or_default())
            })
            .collect()
            .await;
        for cut in [1, 3, 4, 5, 4_096, whole.len()] {
            let pieces = whole.chunks(cut).map(Bytes::copy_from_slice);
            let pieces = pieces.map(|piece| Ok::<_, std::convert::Infallible>(Frame::data(piece)));
            let pieces: Vec<_> = pieces.collect();
            let body = http_body_util::StreamBody::new(futures_util::stream::iter(pieces));
            let mut read = Frames::in_body(body);
            for frame in &frames {
                assert_eq!(read.next().await.as_ref(), Some(frame), "cut at {cut}");
            }
            assert_eq!(read.next().await, None);
        }
    }
}
