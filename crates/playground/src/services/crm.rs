//! `crm`: says whether a customer record will do.
//!
//! `POST /validate` answers 200 with the tidied record, or 422 with what is wrong.

use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use crate::refusal::Refusal;

pub(crate) fn routes() -> Router {
    Router::new().route("/validate", post(validate))
}

async fn validate(Json(customer): Json<Map<String, Value>>) -> Result<Json<Value>, Refusal> {
    let email = customer
        .get("email")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if email.is_empty() {
        return Err(Refusal::invalid(
            "email-missing",
            "expected an email, but there is none",
        ));
    }
    if !is_address(email) {
        let message = format!("expected an email like name@example.org, but got {email:?}");
        return Err(Refusal::invalid("email-invalid", message));
    }
    let mut tidied = customer.clone();
    tidied.insert("email".to_owned(), Value::from(email.to_lowercase()));
    Ok(Json(json!({ "valid": true, "customer": tidied })))
}

/// One `@`, something before it, and a domain with a dot that is not at its edge.
fn is_address(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    let clean = |part: &str| !part.is_empty() && !part.contains(['@', ' ', '\t', '\n', ',']);
    clean(name)
        && clean(domain)
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses() {
        for good in ["ada@example.org", "a.b+c@mail.example.org"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@example",
            "a@b@example.org",
            "a b@example.org",
            "ada@example.",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
