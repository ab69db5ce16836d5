use adapter::conformance::{SECRET_NAME, SECRET_VALUE, Scenario, Seen, Stage, Theatre, run};
use async_trait::async_trait;
use serde_json::json;

use super::{Arrived, Nobody, Reply, Service, answer, build, nobody};

/// A service that does what the path says, and none at all.
struct HttpTheatre {
    service: Service,
    nobody: Nobody,
}

fn behave(arrived: &Arrived) -> Reply {
    match arrived.path.as_str() {
        "/Succeeds" => answer(200, r#"{"ok":true}"#),
        "/RefusesForGood" => answer(422, r#"{"detail":"no such customer"}"#),
        "/RefusesForNow" => answer(503, ""),
        "/RepeatsSecret" => answer(200, arrived.body.clone()),
        "/RefusesWithSecret" => answer(400, arrived.body.clone()),
        "/AnswersTooMuch" => answer(200, format!("\"{}\"", "x".repeat(2_000))),
        _ => Reply::Hang,
    }
}

#[async_trait]
impl Theatre for HttpTheatre {
    fn gaps(&self) -> &[Scenario] {
        &[]
    }

    fn sees_calls(&self) -> bool {
        true
    }

    async fn stage(&self, scenario: Scenario) -> Stage {
        let base = match scenario {
            Scenario::Unreachable => &self.nobody.url,
            _ => &self.service.url,
        };
        let adapter = build(&json!({
            "url": format!("{base}/{scenario:?}"),
            "max-payload": "1KiB",
        }));
        Stage {
            adapter,
            action: None,
            input: json!({"message": {"$secret": SECRET_NAME}}),
        }
    }

    async fn seen(&self) -> Vec<Seen> {
        let header = |arrived: &Arrived, name| Some(arrived.header(name).to_owned());
        let seen = |arrived: &Arrived| Seen {
            idempotency_key: header(arrived, "idempotency-key"),
            correlation_id: header(arrived, "x-correlation-id"),
            traceparent: header(arrived, "traceparent"),
            secret: arrived.body.contains(SECRET_VALUE),
        };
        self.service.arrived().iter().map(seen).collect()
    }
}

#[tokio::test]
async fn http_conforms() {
    let service = Service::start(behave).await;
    let nobody = nobody();
    run(&HttpTheatre { service, nobody }).await;
}
