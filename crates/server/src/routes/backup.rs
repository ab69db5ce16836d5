//! Backups of the running server's store.

use std::sync::Arc;

use api::{Backup, BackupRequest, Code};
use axum::Json;
use axum::extract::{Request, State};

use crate::callers::{Caller, Permission};
use crate::copies::CopyError;
use crate::door::{JsonBody, Query, Refusal};
use crate::state::Door;

/// Copies the store while it is in use, and answers when the copy is whole
#[utoipa::path(
    post, path = "/system/backup", tag = "system", operation_id = "back_up",
    request_body = BackupRequest,
    responses((status = 200, description = "The backup", body = Backup), crate::openapi::Problems)
)]
pub async fn back_up(
    State(door): State<Arc<Door>>,
    caller: Caller,
    query: Query,
    request: Request,
) -> Result<Json<Backup>, Refusal> {
    let user = caller.may(Permission::System)?.to_owned();
    query.finish()?;
    let read = JsonBody::<BackupRequest>::read_or_default(request, door.limits.body_bytes);
    let JsonBody(asked) = read.await?;
    let Some(copies) = door.copies.clone() else {
        let detail = "expected the embedded store, but this server's is another: a database is backed up \
                      with its own tools";
        return Err(Refusal::new(Code::NO_BACKUP, detail));
    };
    // It goes on when who asked is gone: a copy that was begun is worth finishing.
    let copying = tokio::spawn(async move {
        tracing::info!(user, to = asked.to, "a backup begins");
        copies.back_up(asked.to.as_deref()).await
    });
    match copying.await {
        Ok(Ok(backup)) => Ok(Json(backup)),
        Ok(Err(CopyError::Refused(why))) => Err(Refusal::new(Code::NO_BACKUP, why)),
        Ok(Err(CopyError::Failed(why))) => Err(Refusal::new(Code::STORE_FAILED, why)),
        Err(broken) => Err(Refusal::new(Code::BUG, broken.to_string())),
    }
}
