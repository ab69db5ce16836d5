//! `dev`: the examples on the services to play with.

use serde_json::{Value, json};

use crate::harness::{Node, text, until};

/// A `dev` with everything on free ports, in a folder of its own.
pub struct Dev {
    pub node: Node,
    index: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

impl Dev {
    /// Starts it.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("dev");
        let folder = data.display().to_string();
        let arguments = [
            "dev",
            "--data",
            &folder,
            "--listen",
            "127.0.0.1:0",
            "--playground-port",
            "0",
        ];
        let node = Node::start(&data, &arguments);
        let index = until("the services' address is printed", || {
            let log = node.log();
            let line = log
                .lines()
                .find(|line| line.trim_start().starts_with("services"))?
                .to_owned();
            line.split_whitespace().nth(1).map(str::to_owned)
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            node,
            index,
            http,
            runtime,
            _dir: dir,
        }
    }

    fn send(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        })
    }

    /// Turns the switch of a service.
    pub fn switch(&self, service: &str, switch: &Value) {
        let request = self
            .http
            .put(format!("{}/{service}/_switch", self.index))
            .json(switch);
        let (status, said) = self.send(request);
        assert_eq!(status, 200, "{said}");
    }

    /// Posts JSON to the API.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.node.url);
        let (status, said) = self.send(self.http.post(url).json(body));
        assert_eq!(status, 200, "{said}");
        serde_json::from_str(&said).unwrap()
    }

    /// How many calls a service has got.
    pub fn calls(&self, service: &str) -> u64 {
        let url = format!("{}/{service}/_calls?limit=1", self.index);
        let (status, said) = self.send(self.http.get(url));
        assert_eq!(status, 200, "{said}");
        let page: Value = serde_json::from_str(&said).unwrap();
        page["total"].as_u64().unwrap()
    }

    /// Posts to a webhook and answers the id of the one instance that it started.
    fn hook(&self, source: &str, body: &Value) -> String {
        let request = self
            .http
            .post(format!("{}/api/v1/hooks/{source}", self.node.url))
            .json(body);
        let (status, said) = self.send(request);
        assert_eq!(status, 202, "{said}");
        let answer: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(answer["routed_to"].as_array().unwrap().len(), 1, "{said}");
        answer["routed_to"][0]["workflow_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn ended(&self, id: &str) -> Value {
        until("the instance ends", || {
            let shown = self.node.json(&["show", id]);
            shown.get("ended_at").is_some().then_some(shown)
        })
    }
}

fn status_of<'a>(instance: &'a Value, step: &str) -> &'a Value {
    let steps = instance["steps"].as_array().unwrap();
    &steps.iter().find(|found| found["id"] == step).unwrap()["status"]
}

#[test]
fn the_examples_run_on_real_services_and_bear_their_failure() {
    let dev = Dev::start();
    let customer = json!({"customer_id": "c-1", "name": "Ada", "email": "ada@example.org"});
    let id = dev.hook("crm-adapter", &customer);
    assert_eq!(dev.ended(&id)["status"], "completed");

    dev.switch("email", &json!({"mode": "down"}));
    let id = dev.hook(
        "crm-adapter",
        &json!({"customer_id": "c-2", "name": "Bob", "email": "b@example.org"}),
    );
    let without_mail = dev.ended(&id);
    assert_eq!(without_mail["status"], "completed", "{without_mail}");
    assert_eq!(status_of(&without_mail, "send-welcome-email"), "failed");
    dev.switch("email", &json!({"mode": "ok"}));

    dev.switch("chat", &json!({"mode": "down"}));
    let id = dev.hook(
        "crm-adapter",
        &json!({"customer_id": "c-3", "name": "Cyd", "email": "c@example.org"}),
    );
    let undone = dev.ended(&id);
    assert_eq!(
        (&undone["status"], &undone["compensation"]),
        (&"compensated".into(), &"done".into()),
        "{undone}"
    );
    let create = undone["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["id"] == "create-account")
        .unwrap();
    assert_eq!(create["compensation"], "done");
    dev.switch("chat", &json!({"mode": "ok"}));

    let order = include_str!("../../../../examples/order-fulfilment/sample-order.json");
    let id = dev.hook("web-shop", &serde_json::from_str(order).unwrap());
    let shipped = dev.ended(&id);
    assert_eq!(shipped["status"], "completed", "{shipped}");
    let sold_out = include_str!("../../../../examples/order-fulfilment/sold-out-order.json");
    let id = dev.hook("web-shop", &serde_json::from_str(sold_out).unwrap());
    let sold_out = dev.ended(&id);
    assert_eq!(sold_out["status"], "compensated", "{sold_out}");
}

#[test]
fn dev_has_three_callers_and_without_a_token_it_is_root() {
    let dev = Dev::start();
    let caller = |token: &[&str]| {
        let arguments = [&["doctor"], token].concat();
        dev.node.json(&arguments)["caller"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(caller(&[]), "root");
    assert_eq!(caller(&["--token", "dev-ann"]), "ann");
    assert_eq!(caller(&["--token", "dev-bob"]), "bob");
    let refused = dev.node.cli(&[
        "apply",
        "-f",
        concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../examples/order-fulfilment"
        ),
        "--token",
        "dev-ann",
    ]);
    assert_eq!(refused.status.code(), Some(5), "{}", text(&refused.stderr));
}
