//! Signed links by which a notice's reader answers a decision. Looking at one changes nothing, for
//! mail programs and chats look at every link; the page that it shows sends the answer.

use std::sync::Arc;

use api::Code;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use engine::record::Choice;
use percent_encoding::percent_decode_str;
use runtime::{DecisionLink, DecisionRow, DecisionStatus};

use super::answers::answer_by_link;
use super::decisions::row;
use crate::door::{Query, Refusal, Segments};
use crate::state::Door;

/// No answer by a link is longer, in bytes.
const MOST: usize = 16 * 1024;

/// Shows the question behind a link
#[utoipa::path(
    get, path = "/decision-links/{token}", tag = "decisions", operation_id = "show_decision_link",
    params(("token" = String, Path)),
    responses((status = 200, description = "A page with a button", body = String, content_type = "text/html"), crate::openapi::Problems)
)]
pub async fn show(
    State(door): State<Arc<Door>>,
    Segments(token): Segments<String>,
    query: Query,
) -> Result<Response, Refusal> {
    query.finish()?;
    let link = link_of(&door, &token)?;
    let row = row(&door, link.decision).await?;
    if row.status != DecisionStatus::Pending {
        return Ok(page(&row, "<p>It is decided already.</p>"));
    }
    let verb = match link.choice {
        Choice::Approve => "Approve",
        _ => "Reject",
    };
    let required = if row.comment_required {
        " required"
    } else {
        ""
    };
    let form = format!(
        "<form method=\"post\"><p><label>Comment <input name=\"comment\" maxlength=\"1000\"{required}></label></p>\
         <p><button>{verb}</button></p></form>"
    );
    Ok(page(&row, &form))
}

/// Answers by a link
///
/// The link is the authority. It works once.
#[utoipa::path(
    post, path = "/decision-links/{token}", tag = "decisions", operation_id = "answer_by_link",
    params(("token" = String, Path)),
    request_body(content = String, description = "`comment=...`", content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "It is answered", body = String, content_type = "text/html"), crate::openapi::Problems)
)]
pub async fn answer(
    State(door): State<Arc<Door>>,
    Segments(token): Segments<String>,
    query: Query,
    request: Request,
) -> Result<Response, Refusal> {
    query.finish()?;
    let link = link_of(&door, &token)?;
    let body = axum::body::to_bytes(request.into_body(), MOST).await;
    let body = body.map_err(|_| {
        let detail = format!("expected at most {MOST} bytes");
        Refusal::new(Code::BODY_TOO_LARGE, detail)
    })?;
    let row = answer_by_link(&door, link, comment_in(&body)).await?;
    let told = match row.status {
        DecisionStatus::Pending => "<p>Thank you. Others have to agree as well.</p>",
        _ => "<p>Thank you, it is decided.</p>",
    };
    Ok(page(&row, told))
}

fn link_of(door: &Door, token: &str) -> Result<DecisionLink, Refusal> {
    let missing = || {
        Refusal::new(
            Code::NO_LINK,
            "expected a link that this server made and that still works",
        )
    };
    door.runtime.decision_link(token).ok_or_else(missing)
}

/// The comment in a form's body.
fn comment_in(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body).replace('+', " ");
    let mut fields = text.split('&').filter_map(|field| field.split_once('='));
    let comment = fields.find(|(name, _)| *name == "comment");
    let comment = comment.map_or("", |(_, comment)| comment);
    percent_decode_str(comment).decode_utf8_lossy().into_owned()
}

fn page(row: &DecisionRow, what: &str) -> Response {
    // Nothing may run or be fetched, and the address is not told to anybody.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                  form-action 'self'; frame-ancestors 'none'";
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Decision</title><style>body{{font:1rem sans-serif;\
         max-width:40rem;margin:3rem auto;padding:0 1rem}}</style><h1>{}</h1><p>{} / {}</p>{what}",
        escaped(&row.prompt),
        escaped(&row.workflow),
        escaped(&row.step),
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(text)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_read_from_a_form() {
        assert_eq!(comment_in(b"comment=all+is%20well%21"), "all is well!");
        assert_eq!(comment_in(b"x=1&comment=y"), "y");
        assert_eq!(comment_in(b""), "");
    }

    #[test]
    fn what_a_page_shows_is_text() {
        assert_eq!(escaped("<b>\"&"), "&lt;b&gt;&quot;&amp;");
    }
}
