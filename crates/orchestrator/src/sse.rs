//! Server-sent events, as they come off a response.

use reqwest::Response;

/// No event is larger, in bytes.
const MAX_EVENT_BYTES: usize = 64 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name; empty if it has none.
    pub name: String,
    /// Its data.
    pub data: String,
}

/// The events of a response.
#[derive(Debug)]
pub struct Events {
    response: Response,
    buffer: Vec<u8>,
}

impl Events {
    /// Reads from this response.
    pub fn new(response: Response) -> Self {
        Self {
            response,
            buffer: Vec::new(),
        }
    }

    /// The next event; none when the stream ended or broke.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = take(&mut self.buffer) {
                if !event.data.is_empty() {
                    return Some(event);
                }
                continue;
            }
            if self.buffer.len() > MAX_EVENT_BYTES {
                return None;
            }
            let chunk = self.response.chunk().await.ok()??;
            self.buffer.extend_from_slice(&chunk);
        }
    }
}

/// Takes the first whole event off the buffer.
fn take(buffer: &mut Vec<u8>) -> Option<Event> {
    let end = buffer.windows(2).position(|pair| pair == b"\n\n")?;
    let block: Vec<u8> = buffer.drain(..end + 2).collect();
    let mut event = Event::default();
    for line in String::from_utf8_lossy(&block).lines() {
        match line.split_once(':') {
            Some(("event", name)) => event.name = name.trim_start().to_owned(),
            Some(("data", data)) => {
                if !event.data.is_empty() {
                    event.data.push('\n');
                }
                event.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            }
            _ => {}
        }
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_whole_and_comments_are_empty() {
        let mut buffer =
            b": keep\n\nid: 7\nevent: record\ndata: {\"a\":\ndata: 1}\n\ndata: ha".to_vec();
        assert_eq!(take(&mut buffer), Some(Event::default()));
        let expected = Event {
            name: "record".into(),
            data: "{\"a\":\n1}".into(),
        };
        assert_eq!(take(&mut buffer), Some(expected));
        assert_eq!(take(&mut buffer), None);
        assert_eq!(buffer, b"data: ha");
    }
}
