//! Lists and counts of instances.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Behind, Counts, InstanceSummary, Page, Time};
use axum::Json;
use axum::extract::State;
use runtime::Consistency;
use store::{Count, CountBy, InstanceFilter, ListCursor};

use crate::callers::{Caller, Permission};
use crate::door::{Cursor, Query, Refusal, of_unavailable, parse_id};
use crate::render;
use crate::state::Door;

/// The states of instances that have not ended.
pub(super) const OPEN: [&str; 6] = [
    "queued",
    "running",
    "waiting",
    "paused",
    "compensating",
    "stuck",
];
const ENDED: [&str; 4] = ["completed", "failed", "compensated", "cancelled"];

/// Lists instances, newest first
#[utoipa::path(
    get, path = "/workflows", tag = "workflows", operation_id = "list_workflows",
    params(
        ("status" = Option<String>, Query, description = "Words with commas; `active` means all that are open"),
        ("workflow" = Option<String>, Query), ("version" = Option<String>, Query),
        ("correlation_id" = Option<String>, Query), ("subject" = Option<String>, Query),
        ("parent_id" = Option<String>, Query),
        ("attribute.NAME" = Option<String>, Query, description = "Any attribute's value"),
        ("created_after" = Option<String>, Query), ("created_before" = Option<String>, Query),
        ("q" = Option<String>, Query, description = "The beginning of an id (8 digits or more), or words: each part of the workflow's name, or a whole word of the correlation id, subject or error"),
        ("limit" = Option<u32>, Query, description = "50, at most 1,000"), ("cursor" = Option<String>, Query),
        ("consistency" = Option<String>, Query, description = "`eventual` does not wait for the newest"),
    ),
    responses((status = 200, description = "A page", body = Page<InstanceSummary>), crate::openapi::Problems)
)]
pub async fn list(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Page<InstanceSummary>>, Refusal> {
    caller.may(Permission::Read)?;
    let filter = filter(&mut query)?;
    let limit = query.limit()?;
    let after = query.cursor(Cursor::Instances)?;
    let consistency = consistency(&mut query)?;
    query.finish()?;
    let after = after.as_deref().map(open_cursor).transpose()?;
    let listed = door.runtime.list(&filter, after, limit, consistency).await;
    let listed = listed.map_err(|outage| of_unavailable(&outage))?;
    Ok(Json(Page {
        next_cursor: listed.page.next.map(seal_cursor),
        items: listed.page.items.into_iter().map(render::summary).collect(),
        incomplete: behind(&listed.incomplete),
    }))
}

/// Counts instances
#[utoipa::path(
    get, path = "/workflows/count", tag = "workflows", operation_id = "count_workflows",
    params(
        ("group_by" = Option<String>, Query, description = "`status`, `workflow` or `version`"),
        ("status" = Option<String>, Query), ("workflow" = Option<String>, Query),
        ("version" = Option<String>, Query), ("correlation_id" = Option<String>, Query),
        ("subject" = Option<String>, Query), ("parent_id" = Option<String>, Query),
        ("attribute.NAME" = Option<String>, Query),
        ("created_after" = Option<String>, Query), ("created_before" = Option<String>, Query),
        ("q" = Option<String>, Query), ("consistency" = Option<String>, Query),
    ),
    responses((status = 200, description = "How many", body = Counts), crate::openapi::Problems)
)]
pub async fn count(
    State(door): State<Arc<Door>>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<Counts>, Refusal> {
    caller.may(Permission::Read)?;
    let filter = filter(&mut query)?;
    let by = group_by(&mut query)?;
    let consistency = consistency(&mut query)?;
    query.finish()?;
    let counted = door.runtime.count(&filter, by, consistency).await;
    let counted = counted.map_err(|outage| of_unavailable(&outage))?;
    let groups = counted.counts.iter().filter(|_| by != CountBy::Nothing);
    Ok(Json(Counts {
        total: counted.counts.iter().map(|count| count.count).sum(),
        groups: groups.map(|count| group(count, by)).collect(),
        incomplete: behind(&counted.incomplete),
    }))
}

pub(super) fn filter(query: &mut Query) -> Result<InstanceFilter, Refusal> {
    let at = |at: Option<Time>| at.map(|at| at.0);
    let parent: Option<String> = query.take("parent_id")?;
    Ok(InstanceFilter {
        statuses: statuses(&query.take_list("status"))?,
        workflow: query.take("workflow")?,
        version: query.take("version")?,
        correlation_id: query.take("correlation_id")?,
        subject: query.take("subject")?,
        parent_id: parent
            .map(|id| parse_id(&id))
            .transpose()?
            .map(engine::Id::bytes),
        attributes: query.take_prefixed("attribute."),
        created_after: at(query.take("created_after")?),
        created_before: at(query.take("created_before")?),
        text: query.take("q")?,
    })
}

fn statuses(words: &[String]) -> Result<Vec<String>, Refusal> {
    let mut statuses = Vec::new();
    for word in words {
        match word.as_str() {
            "active" => statuses.extend(OPEN.map(str::to_owned)),
            known if OPEN.contains(&known) || ENDED.contains(&known) => {
                statuses.push(known.to_owned())
            }
            _ => {
                let all = [["active"].as_slice(), &OPEN, &ENDED].concat().join(", ");
                return Err(Query::wrong(
                    "status",
                    format!("expected one of {all}, but got `{word}`"),
                ));
            }
        }
    }
    Ok(statuses)
}

pub(super) fn consistency(query: &mut Query) -> Result<Consistency, Refusal> {
    let word: Option<String> = query.take("consistency")?;
    match word.as_deref() {
        None | Some("fresh") => Ok(Consistency::Fresh),
        Some("eventual") => Ok(Consistency::Eventual),
        Some(_) => Err(Query::wrong("consistency", "expected fresh or eventual")),
    }
}

fn group_by(query: &mut Query) -> Result<CountBy, Refusal> {
    let word: Option<String> = query.take("group_by")?;
    match word.as_deref() {
        None => Ok(CountBy::Nothing),
        Some("status") => Ok(CountBy::Status),
        Some("workflow") => Ok(CountBy::Workflow),
        Some("version") => Ok(CountBy::Version),
        Some(_) => Err(Query::wrong(
            "group_by",
            "expected status, workflow or version",
        )),
    }
}

fn group(count: &Count, by: CountBy) -> api::Count {
    let names: &[&str] = match by {
        CountBy::Nothing => &[],
        CountBy::Status => &["status"],
        CountBy::Workflow => &["workflow"],
        CountBy::Version => &["workflow", "version"],
    };
    let pairs = names.iter().zip(&count.group);
    let group: BTreeMap<String, String> = pairs
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    api::Count {
        group,
        count: count.count,
    }
}

pub(crate) fn behind(partitions: &[runtime::Behind]) -> Vec<Behind> {
    let shown = |behind: &runtime::Behind| Behind {
        partition: behind.partition,
        behind_ms: behind.behind_ms,
    };
    partitions.iter().map(shown).collect()
}

/// The text of a place in a list of instances.
pub(super) fn seal_cursor(cursor: ListCursor) -> String {
    let mut place = cursor.created_at.to_be_bytes().to_vec();
    place.extend_from_slice(&cursor.id);
    Cursor::Instances.seal(&place)
}

/// The place that a cursor stands for.
pub(super) fn open_cursor(place: &[u8]) -> Result<ListCursor, Refusal> {
    let read = || {
        let (at, id) = place.split_first_chunk::<8>()?;
        Some(ListCursor {
            created_at: i64::from_be_bytes(*at),
            id: id.try_into().ok()?,
        })
    };
    let refused = || {
        Refusal::new(
            api::Code::BAD_CURSOR,
            "expected a cursor that this list gave out",
        )
    };
    read().ok_or_else(refused)
}
