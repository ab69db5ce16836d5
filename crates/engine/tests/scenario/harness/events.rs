//! Script lines that bring events to waits, and what is sent about both.

use engine::Command;
use engine::record::{EventCame, EventOffered, MessageBody, WaitRefused};

use super::{Run, payload};

impl Run {
    /// Brings an event, as its number, to all steps that wait for one.
    pub(super) fn event(&mut self, rest: &str) {
        let (number, data) = rest.split_once(' ').unwrap_or((rest, ""));
        let number: u8 = number.parse().unwrap();
        for wait in self.instance.as_ref().unwrap().event_waits().to_vec() {
            let event = EventOffered {
                event: vec![number; 16].into(),
                event_type: wait.event_type,
                key: wait.key,
                meta: Some(payload(&format!(r#"{{"id":"{number}"}}"#))),
                data: Some(payload(data)),
                kept_until: self.now + 1_000,
                ..EventOffered::default()
            };
            let (at, wait) = (wait.at, wait.wait);
            self.command(Command::Event(Box::new(EventCame { at, wait, event })));
        }
    }

    pub(super) fn refuse_waits(&mut self) {
        for wait in self.instance.as_ref().unwrap().event_waits().to_vec() {
            self.command(Command::WaitRefused(WaitRefused {
                at: wait.at,
                wait: wait.wait,
                waits: 1_000,
            }));
        }
    }
}

/// A message of an instance about events, in words.
pub(super) fn told(body: &MessageBody) -> String {
    match body {
        MessageBody::Emit(event) => {
            let data = event.data.clone().unwrap_or_default();
            format!("emit {} {:?} {data:?}", event.event_type, event.subject)
        }
        MessageBody::WaitPlaced(wait) => format!("wait {} {}", wait.event_type, wait.key),
        MessageBody::WaitWithdrawn(wait) => format!("withdraw {} {}", wait.event_type, wait.key),
        other => panic!("no instance sends {other:?}"),
    }
}
