//! The examples and the README do what they say, on `orchestrator dev` with the playground's real services.

use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::{Server, orchestrator, printed, repository, run, until};

/// `orchestrator dev` on free ports.
struct Dev {
    server: Server,
    index: String,
    dir: TempDir,
}

impl Dev {
    async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let (data, logs) = (dir.path().join("data"), dir.path().join("logs"));
        let data = data.to_str().unwrap();
        let arguments = ["dev", "--data", data, "--playground-port", "0"];
        let server = Server::start(&arguments, &logs, &[]).await;
        let index = until(
            "the playground's address",
            Duration::from_secs(10),
            async || {
                let text = printed(&logs);
                let line = text.lines().find(|line| line.contains("services  "))?;
                let url = line
                    .split_whitespace()
                    .find(|word| word.starts_with("http://"))?;
                Some(url.to_owned())
            },
        )
        .await;
        Self { server, index, dir }
    }

    /// A command of the binary, run against this server.
    fn command(&self, arguments: &[&str]) -> Output {
        let url = self.server.url();
        let mut command = orchestrator();
        command.args(arguments).args(["--server", &url]);
        command.output().unwrap()
    }

    async fn switch(&self, service: &str, switch: Value) {
        let url = format!("{}/{service}/_switch", self.index);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.put(url).json(&switch).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    /// The base URL of a service.
    async fn url_of(&self, service: &str) -> String {
        let services = self.at(&format!("{}/services", self.index)).await;
        let all = services["items"]
            .as_array()
            .or(services.as_array())
            .unwrap();
        let found = all.iter().find(|found| found["name"] == service).unwrap();
        found["url"].as_str().unwrap().to_owned()
    }

    /// What a service answers to a path.
    async fn of_service(&self, service: &str, path: &str) -> Value {
        self.at(&format!("{}{path}", self.url_of(service).await))
            .await
    }

    async fn at(&self, url: &str) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Posts an event to a webhook; answers the instance that it started.
    async fn hook(&self, source: &str, event: &Value) -> String {
        let request = self.server.post(&format!("/api/v1/hooks/{source}"), event);
        let answer = self.server.try_send(request).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        let started = answer.body["routed_to"].as_array().unwrap();
        assert_eq!(started.len(), 1, "{}", answer.body);
        started[0]["workflow_id"].as_str().unwrap().to_owned()
    }
}

fn step<'a>(instance: &'a Value, id: &str) -> &'a Value {
    let steps = instance["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["id"] == id);
    found.unwrap_or_else(|| panic!("expected a step {id}: {instance:#}"))
}

fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap()
}

/// The body that the README's `curl` line posts to this webhook.
fn readme_event(source: &str) -> Value {
    let readme = read("README.md");
    let (_, after) = readme
        .split_once(&format!("/api/v1/hooks/{source}"))
        .unwrap();
    let (_, body) = after.split_once("-d '").unwrap();
    let (body, _) = body.split_once('\'').unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readmes_curl_runs_to_completed() {
    let dev = Dev::start().await;
    let id = dev.hook("crm-adapter", &readme_event("crm-adapter")).await;
    let instance = dev.server.until_status(&id, "completed").await;
    let steps = [
        "validate-customer",
        "create-account",
        "send-welcome-email",
        "notify-team",
    ];
    for id in steps {
        assert_eq!(step(&instance, id)["status"], "completed", "{id}");
    }
    let listed = dev.command(&["list", "--output", "json"]);
    assert!(text(&listed).contains(&id), "{}", text(&listed));
    let watched = dev.command(&["watch", &id]);
    assert!(watched.status.success(), "{}", text(&watched));
    for word in steps.iter().chain(&["completed"]) {
        assert!(
            text(&watched).contains(word),
            "watch shows {word}: {}",
            text(&watched)
        );
    }
    for (service, path) in [
        ("billing", "/accounts"),
        ("email", "/outbox"),
        ("chat", "/messages"),
    ] {
        let done = dev.of_service(service, path).await;
        assert_eq!(
            done["items"].as_array().unwrap().len(),
            1,
            "{service}: {done}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_chat_down_for_good_the_account_is_deleted_again() {
    let dev = Dev::start().await;
    dev.switch("chat", json!({ "mode": "down" })).await;
    let id = dev.hook("crm-adapter", &readme_event("crm-adapter")).await;
    let instance = dev.server.until_status(&id, "compensated").await;
    assert_eq!(step(&instance, "notify-team")["status"], "failed");
    assert_eq!(step(&instance, "create-account")["compensation"], "done");
    let accounts = dev.of_service("billing", "/accounts").await;
    assert_eq!(accounts["items"][0]["status"], "deleted", "{accounts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_email_down_it_completes_and_shows_the_mail_failed() {
    let dev = Dev::start().await;
    dev.switch("email", json!({ "mode": "down" })).await;
    let id = dev.hook("crm-adapter", &readme_event("crm-adapter")).await;
    let instance = dev.server.until_status(&id, "completed").await;
    assert_eq!(step(&instance, "send-welcome-email")["status"], "failed");
    assert_eq!(step(&instance, "notify-team")["status"], "completed");
    let accounts = dev.of_service("billing", "/accounts").await;
    assert_ne!(accounts["items"][0]["status"], "deleted", "{accounts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_the_example_goes_on() {
    let mut dev = Dev::start().await;
    dev.switch("billing", json!({ "mode": "slow", "delay_ms": 60_000 }))
        .await;
    let id = dev.hook("crm-adapter", &readme_event("crm-adapter")).await;
    until(
        "billing to be called",
        Duration::from_secs(20),
        async || {
            let calls = dev.of_service("billing", "/_calls").await;
            (calls["total"].as_u64()? > 0).then_some(())
        },
    )
    .await;
    // The playground goes with the process, and comes back with its accounts and without its switch.
    dev.server.kill();
    dev.server.start_again().await;
    let instance = dev.server.until_status(&id, "completed").await;
    assert_eq!(step(&instance, "validate-customer")["attempt_count"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_example_completes_and_its_sold_out_one_is_compensated() {
    let dev = Dev::start().await;
    let order = |name: &str| -> Value {
        serde_json::from_str(&read(&format!("examples/order-fulfilment/{name}"))).unwrap()
    };
    let id = dev.hook("web-shop", &order("sample-order.json")).await;
    let instance = dev.server.until_status(&id, "completed").await;
    assert_eq!(instance["output"]["carrier"], "steady", "{instance:#}");
    assert_eq!(instance["output"]["packing"], "insured crate");

    let id = dev.hook("web-shop", &order("sold-out-order.json")).await;
    let instance = dev.server.until_status(&id, "compensated").await;
    assert_eq!(instance["error"]["type"], "order.sold-out", "{instance:#}");
    let holds = dev.of_service("stock", "/holds").await;
    let lamp = holds["items"].as_array().unwrap().last().unwrap();
    assert!(
        lamp["released_at"].is_number(),
        "the lamp is released: {holds}"
    );
}

#[test]
fn every_snippet_of_the_brief_is_valid() {
    let check = |file: &str| {
        let path = repository(&format!("examples/brief/{file}"));
        let output = run(&["validate", path.to_str().unwrap()]);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(0), "{file}: {text}");
        assert!(!text.contains("not available yet"), "{file}: {text}");
    };
    for file in [
        "workflow.yaml",
        "router.yaml",
        "callbacks.yaml",
        "environments.yaml",
    ] {
        check(file);
    }
    for example in ["customer-onboarding", "order-fulfilment", "github-ops"] {
        let folder = repository(&format!("examples/{example}"));
        let output = run(&["validate", folder.to_str().unwrap()]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{example}: {}",
            text(&output)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readmes_own_workflow_runs() {
    let dev = Dev::start().await;
    let readme = read("README.md");
    let (_, yaml) = readme.split_once("```yaml\n").unwrap();
    let (yaml, _) = yaml.split_once("```").unwrap();
    let yaml = yaml.replace("http://127.0.0.1:9004", &dev.url_of("chat").await);
    let file = dev.dir.path().join("greeting.yaml");
    std::fs::write(&file, yaml).unwrap();
    let file = file.to_str().unwrap();

    let validated = run(&["validate", file]);
    assert_eq!(validated.status.code(), Some(0), "{}", text(&validated));
    let applied = dev.command(&["apply", "-f", file]);
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied));
    let input = r#"{"name": "Grace"}"#;
    let submitted = dev.command(&["submit", "greeting", "--input", input, "--wait"]);
    assert_eq!(submitted.status.code(), Some(0), "{}", text(&submitted));
    let id = dev.hook("front-door", &readme_event("front-door")).await;
    dev.server.until_status(&id, "completed").await;
    let messages = dev.of_service("chat", "/messages").await.to_string();
    for name in ["Grace", "Alan"] {
        assert!(
            messages.contains(&format!("Welcome, {name}!")),
            "{messages}"
        );
    }
}
