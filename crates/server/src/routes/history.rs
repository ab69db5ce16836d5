//! What happened in an instance, and how it was.

use std::sync::Arc;

use api::{Code, HistoryRecord, Page, Time};
use axum::Json;
use axum::extract::State;
use engine::{Id, Instance};

use crate::callers::{Caller, Permission};
use crate::door::{Cursor, PathId, Query, Refusal, of_read};
use crate::names::Names;
use crate::render;
use crate::state::Door;

/// Records that are read at once.
const RECORDS: usize = 1_000;

/// Lists an instance's records
#[utoipa::path(
    get, path = "/workflows/{id}/history", tag = "workflows", operation_id = "get_history",
    params(
        ("id" = String, Path), ("after_seq" = Option<u64>, Query),
        ("type" = Option<String>, Query, description = "Types with commas"), ("step" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses((status = 200, description = "A page", body = Page<HistoryRecord>), crate::openapi::Problems)
)]
pub async fn history(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    mut query: Query,
) -> Result<Json<Page<HistoryRecord>>, Refusal> {
    caller.may(Permission::Read)?;
    let after_seq: Option<u64> = query.take("after_seq")?;
    let kinds = query.take_list("type");
    let step: Option<String> = query.take("step")?;
    let limit = query.limit()?;
    let cursor = query.cursor(Cursor::History)?;
    query.finish()?;
    let from = match cursor {
        Some(place) => seq_of(&place)?,
        None => after_seq.unwrap_or(0),
    };
    let wanted = |record: &HistoryRecord| {
        (kinds.is_empty() || kinds.contains(&record.kind))
            && (step.is_none() || record.step == step)
    };
    page(&door, id, from, limit, wanted).await.map(Json)
}

async fn page(
    door: &Door,
    id: Id,
    from: u64,
    limit: usize,
    wanted: impl Fn(&HistoryRecord) -> bool,
) -> Result<Page<HistoryRecord>, Refusal> {
    let state = door.runtime.instance(id).await.map_err(of_read)?;
    let mut names = Names::of(door.runtime.clone(), Arc::clone(&state));
    let mut items = Vec::new();
    let mut after = from;
    loop {
        let part = door
            .runtime
            .history(id, after, RECORDS)
            .await
            .map_err(of_read)?;
        for record in &part.records {
            // Records that came meanwhile speak of what the state does not know yet.
            if record.seq > state.seq() {
                return Ok(Page::whole(items));
            }
            if items.len() == limit {
                let next_cursor = Some(Cursor::History.seal(&after.to_be_bytes()));
                return Ok(Page {
                    items,
                    next_cursor,
                    incomplete: Vec::new(),
                });
            }
            after = record.seq;
            let named = names.at(record).await.map_err(of_read)?;
            let shown = render::history_record(record, None, named);
            items.extend(Some(shown).filter(&wanted));
        }
        if !part.more || part.records.is_empty() {
            return Ok(Page::whole(items));
        }
    }
}

fn seq_of(place: &[u8]) -> Result<u64, Refusal> {
    let refused = |_| {
        Refusal::new(
            Code::BAD_CURSOR,
            "expected a cursor that this list gave out",
        )
    };
    place.try_into().map(u64::from_be_bytes).map_err(refused)
}

/// Shows an instance as it was
#[utoipa::path(
    get, path = "/workflows/{id}/state", tag = "workflows", operation_id = "get_state",
    params(
        ("id" = String, Path), ("at_seq" = Option<u64>, Query, description = "After this record"),
        ("at" = Option<String>, Query, description = "At this time"),
    ),
    responses((status = 200, description = "The whole state", body = api::Instance), crate::openapi::Problems)
)]
pub async fn state(
    State(door): State<Arc<Door>>,
    caller: Caller,
    PathId(id): PathId,
    mut query: Query,
) -> Result<Json<api::Instance>, Refusal> {
    caller.may(Permission::Read)?;
    let at_seq: Option<u64> = query.take("at_seq")?;
    let at: Option<Time> = query.take("at")?;
    query.finish()?;
    let present = door.runtime.instance(id).await.map_err(of_read)?;
    let seq = match (at_seq, at) {
        (Some(_), Some(_)) => {
            return Err(Query::wrong("at", "expected at_seq or at, but got both"));
        }
        (Some(seq), None) => seq,
        (None, Some(at)) => door.runtime.seq_at(id, at.0).await.map_err(of_read)?,
        (None, None) => present.seq(),
    };
    if seq == present.seq() {
        let held = door.runtime.held(&present).await;
        return Ok(Json(render::instance(&present, usize::MAX, &held)));
    }
    Ok(Json(render::instance(
        &past(&door, &present, seq).await?,
        usize::MAX,
        &[],
    )))
}

async fn past(door: &Door, present: &Instance, seq: u64) -> Result<Instance, Refusal> {
    if seq == 0 || seq > present.seq() {
        let detail = format!("expected a seq from 1 to {}, but got {seq}", present.seq());
        return Err(Refusal::new(Code::NO_SUCH_SEQ, detail));
    }
    door.runtime
        .state_at(present.id(), seq)
        .await
        .map_err(of_read)
}
