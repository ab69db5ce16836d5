//! One record of a history.

use api::{HistoryRecord, Json, Time};
use engine::Instance;
use engine::record::Record;
use engine::view::RecordView;

use super::mask;

/// A record, named with the help of the instance at or after it.
pub fn history_record(record: &Record, position: Option<u64>, state: &Instance) -> HistoryRecord {
    let mut view = RecordView::new(record, state);
    mask::mask_input(&mut view.data, state.workflow());
    let text = |text: String| (!text.is_empty()).then_some(text);
    HistoryRecord {
        seq: view.seq,
        position: position.filter(|position| *position > 0),
        at: Time(view.at),
        kind: view.kind.to_owned(),
        step: view.step,
        lane: view.lane,
        cause: text(view.cause),
        actor: text(view.actor),
        data: Json::from_value(&view.data),
    }
}
