//! A stream of events, one a line: taken as they come, answered line by line.
//!
//! What is not taken yet is bounded by one chunk: nothing more is read off the connection before
//! it is durable, so that the sender feels how fast it goes.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::ingest::{Outcome, Refused, Sender, item, take_many, too_large};
use crate::cloud_event::{Arrived, Named, plain, structured};
use crate::door::Refusal;
use crate::state::Door;

/// Lines that are taken at once.
const LINES: usize = 1_000;
/// Bytes of lines that are taken at once; one more part of the body may pass it.
const CHUNK_BYTES: usize = 1 << 20;
/// How often a line is tried that cannot be taken for the moment.
const TRIES: u32 = 20;
/// Before it is tried again, times the number of the try.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Answers at once; the lines of the answer follow those of the request.
pub(super) fn take_lines(
    door: Arc<Door>,
    sender: Sender,
    named: Named,
    request: Request,
) -> Response {
    let (answers, answered) = mpsc::channel::<Result<Bytes, std::convert::Infallible>>(1);
    let mut lines = Lines {
        door,
        sender,
        named,
        index: 0,
        answers,
    };
    tokio::spawn(async move { lines.run(request.into_body()).await });
    let answers = stream::unfold(answered, |mut answered| async move {
        Some((answered.recv().await?, answered))
    });
    let body = Body::from_stream(answers);
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (StatusCode::ACCEPTED, kind, body).into_response()
}

struct Lines {
    door: Arc<Door>,
    sender: Sender,
    named: Named,
    /// Of the next line.
    index: u64,
    answers: mpsc::Sender<Result<Bytes, std::convert::Infallible>>,
}

impl Lines {
    /// Ends with the body, or when nobody reads the answers.
    async fn run(&mut self, mut body: Body) {
        let mut buffer = BytesMut::new();
        let mut goes_on = true;
        while goes_on {
            let part = match body.frame().await {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                // What came whole is taken although the connection broke.
                Some(Err(_)) | None => {
                    goes_on = false;
                    Bytes::new()
                }
            };
            buffer.extend_from_slice(&part);
            let whole = match goes_on {
                true => buffer
                    .iter()
                    .rposition(|b| *b == b'\n')
                    .map_or(0, |at| at + 1),
                false => buffer.len(),
            };
            let most = self.door.limits.body_bytes;
            if whole == 0 && buffer.len() > most {
                let _gone = self.answer(vec![Err(Refused::Here(too_large(most)))]).await;
                return;
            }
            // More is about to come: a few lines at a time would make small batches.
            if goes_on
                && whole < CHUNK_BYTES
                && body.size_hint().exact().is_some_and(|left| left > 0)
            {
                continue;
            }
            let lines = buffer.split_to(whole).freeze();
            if self.take(&lines).await.is_err() {
                return;
            }
        }
    }

    async fn take(&mut self, text: &Bytes) -> Result<(), ()> {
        let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
        let lines: Vec<&[u8]> = lines
            .into_iter()
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
            .collect();
        for lines in lines.chunks(LINES) {
            let outcomes = self.taken(lines).await;
            self.answer(outcomes).await?;
        }
        Ok(())
    }

    /// Tries again what cannot be taken for the moment: the sender waits meanwhile.
    async fn taken(&self, lines: &[&[u8]]) -> Vec<Outcome> {
        let read = lines.iter().copied().map(|line| self.read(line));
        let mut outcomes = self.many(read.collect()).await;
        for tried in 1..TRIES {
            let again = |outcome: &Outcome| matches!(outcome, Err(Refused::There(_)));
            let places: Vec<usize> = (0..outcomes.len())
                .filter(|place| again(&outcomes[*place]))
                .collect();
            if places.is_empty() {
                break;
            }
            tokio::time::sleep(PAUSE * tried).await;
            let left = places.iter().map(|place| self.read(lines[*place]));
            let repeated = self.many(left.collect()).await;
            for (place, outcome) in places.into_iter().zip(repeated) {
                outcomes[place] = outcome;
            }
        }
        outcomes
    }

    async fn many(&self, read: Vec<Result<Arrived<'_>, Refusal>>) -> Vec<Outcome> {
        take_many(&self.door, &self.sender, read).await
    }

    /// A line that says `specversion` is a CloudEvent.
    fn read<'a>(&'a self, line: &'a [u8]) -> Result<Arrived<'a>, Refusal> {
        let most = self.door.limits.body_bytes;
        if line.len() > most {
            return Err(too_large(most));
        }
        let text = std::str::from_utf8(line);
        match text {
            Ok(text) if text.starts_with('{') && text.contains("\"specversion\"") => {
                structured(text)
            }
            _ => plain(&self.named, &Bytes::copy_from_slice(line)),
        }
    }

    async fn answer(&mut self, outcomes: Vec<Outcome>) -> Result<(), ()> {
        let mut text = Vec::new();
        for outcome in outcomes {
            let item = item((self.index, outcome));
            self.index += 1;
            text.extend(serde_json::to_vec(&item).unwrap_or_default());
            text.push(b'\n');
        }
        if text.is_empty() {
            return Ok(());
        }
        self.answers.send(Ok(text.into())).await.map_err(drop)
    }
}
