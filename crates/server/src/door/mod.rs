//! The door: what every request passes on its way in, and every answer on its way out.

mod body;
mod checked_json;
mod cursor;
mod gate;
mod headers;
mod outage;
mod path;
mod query;
mod refusal;

pub use body::{Body, JsonBody, bad_field, expect_type, not_json, parse_json, read, read_body};
pub use checked_json::{check_json, read_json};
pub use cursor::Cursor;
pub use gate::{gate, unknown_path, wrong_method};
pub use headers::{Correlation, IdempotencyKey, correlated, etag, expect_match, replayed};
pub use outage::{
    of_command, of_event, of_letter, of_operation, of_read, of_schedule, of_stream, of_submit,
    of_unavailable,
};
pub use path::{PathId, Segments, parse_id};
pub use query::Query;
pub use refusal::Refusal;
