//! What an S3 service's answers mean.

use std::error::Error;

use reqwest::{Response, StatusCode};

use crate::VaultError;

/// An answer that carries what was asked for, or why there is none.
pub(super) async fn judge(place: &str, answer: Response) -> Result<Response, VaultError> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(refusal(place, answer).await)
}

/// The same where the object itself may be missing.
pub(super) async fn found(place: &str, answer: Response) -> Result<Option<Response>, VaultError> {
    if answer.status() != StatusCode::NOT_FOUND {
        return judge(place, answer).await.map(Some);
    }
    let said = said(answer).await;
    match said.code.as_str() {
        "NoSuchBucket" => Err(meaning(place, StatusCode::NOT_FOUND, said)),
        _ => Ok(None),
    }
}

/// No answer came.
pub(super) fn unreachable(place: &str, error: reqwest::Error) -> VaultError {
    // The address of a signed request is a key to it for some minutes.
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        reason.push_str(&format!(": {deeper}"));
        source = deeper.source();
    }
    VaultError::Unavailable {
        place: place.to_owned(),
        reason,
    }
}

/// The service's own words.
struct Said {
    code: String,
    message: String,
}

async fn refusal(place: &str, answer: Response) -> VaultError {
    let status = answer.status();
    meaning(place, status, said(answer).await)
}

async fn said(answer: Response) -> Said {
    let text = answer.text().await.unwrap_or_default();
    Said {
        code: element(&text, "Code"),
        message: element(&text, "Message"),
    }
}

fn element(text: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inner = text
        .split_once(&open)
        .and_then(|(_, rest)| rest.split_once(&close));
    inner
        .map(|(inner, _)| inner.chars().take(300).collect())
        .unwrap_or_default()
}

fn meaning(place: &str, status: StatusCode, said: Said) -> VaultError {
    let Said { code, message } = said;
    let reason = format!("the service answered {status} {code} {message}");
    let (place, reason) = (place.to_owned(), reason.trim_end().to_owned());
    let cure = match (status, code.as_str()) {
        (_, "NoSuchBucket") => "create the bucket, or name another",
        (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken") => {
            "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        }
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they permit"
        }
        _ if status.is_redirection() || code == "AuthorizationHeaderMalformed" => {
            "check the address's region and endpoint"
        }
        _ if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
            "check the address"
        }
        _ => return VaultError::Unavailable { place, reason },
    };
    let cure = cure.to_owned();
    VaultError::Refused {
        place,
        reason,
        cure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, code: &str, expected: &str) {
        let said = Said {
            code: code.to_owned(),
            message: String::new(),
        };
        let status = StatusCode::from_u16(status).expect("a status");
        let text = meaning("s3://b/a", status, said).to_string();
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn refusals_say_what_to_mend_and_outages_do_not() {
        check(403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY");
        check(403, "AccessDenied", "what they permit");
        check(404, "NoSuchBucket", "create the bucket");
        check(301, "PermanentRedirect", "region and endpoint");
        check(400, "InvalidRequest", "check the address");
        check(503, "SlowDown", "cannot be reached");
        check(429, "", "cannot be reached");
    }

    #[test]
    fn elements_are_found_and_bounded() {
        let text = "<Error><Code>NoSuchKey</Code></Error>";
        assert_eq!(element(text, "Code"), "NoSuchKey");
        assert_eq!(element(text, "Message"), "");
        assert_eq!(element("<Code>open", "Code"), "");
    }
}
