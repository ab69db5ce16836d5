//! The figures that are scraped: that they move, what they are called, who may read them.

use std::collections::BTreeSet;
use std::path::Path;

use server::TokenSettings;

use crate::site::Site;

/// The page of figures.
async fn scrape(site: &Site) -> String {
    let page = site.get("/metrics").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(
        page.header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    page.text
}

/// The value of the one sample that begins so.
fn value(page: &str, sample: &str) -> f64 {
    let mut lines = page.lines().filter_map(|line| line.strip_prefix(sample));
    let rest = lines
        .next()
        .unwrap_or_else(|| panic!("no {sample} in\n{page}"));
    rest.trim().parse().unwrap()
}

/// The sum over all partitions.
fn sum(page: &str, family: &str) -> f64 {
    let start = format!("{family}{{");
    let samples = page.lines().filter(|line| line.starts_with(&start));
    samples
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum()
}

#[tokio::test]
async fn what_ends_is_counted_by_how_it_ended() {
    let site = Site::open().await;
    for _ in 0..5 {
        let done = site.complete("greet", r#"{"name": "Ada"}"#).await;
        assert_eq!(done["status"], "completed");
    }
    for _ in 0..2 {
        assert_eq!(site.complete("refuse", "null").await["status"], "failed");
    }
    let asleep = site.start("sleep", "null").await;
    site.post(
        &format!("/api/v1/workflows/{asleep}/cancel"),
        r#"{"reason": "enough"}"#,
    )
    .await;
    let page = scrape(&site).await;
    let ended = |status: &str| {
        value(
            &page,
            &format!("orchestrator_instances_ended_total{{status=\"{status}\"}}"),
        )
    };
    assert_eq!(ended("completed"), 5.0);
    assert_eq!(ended("failed"), 2.0);
    assert_eq!(ended("cancelled"), 1.0);
    assert_eq!(ended("compensated"), 0.0);
    assert_eq!(value(&page, "orchestrator_instances_started_total"), 8.0);
}

#[tokio::test]
async fn calls_are_counted_by_adapter_and_outcome() {
    let site = Site::open().await;
    for _ in 0..3 {
        site.complete("greet", r#"{"name": "Ada"}"#).await;
    }
    site.complete("refuse", "null").await;
    let page = scrape(&site).await;
    let calls = |family: &str| {
        value(
            &page,
            &format!("orchestrator_calls_{family}{{adapter=\"local\"}}"),
        )
    };
    assert_eq!(calls("started_total"), 7.0);
    assert_eq!(
        calls("started_total"),
        calls("ended_total") + calls("in_flight")
    );
    assert_eq!(calls("waiting"), 0.0);
    let outcome = |word: &str| {
        value(
            &page,
            &format!("orchestrator_call_outcomes_total{{outcome=\"{word}\"}}"),
        )
    };
    assert_eq!((outcome("ok"), outcome("permanent_error")), (6.0, 1.0));
}

#[tokio::test]
async fn commits_timers_and_the_projection_are_measured() {
    let site = Site::open().await;
    site.complete("blink", "null").await;
    site.start("doze", "null").await;
    // A count waits until the projection has reached what is durable.
    site.get("/api/v1/workflows/count").await;
    let page = scrape(&site).await;
    let commits = value(&page, "orchestrator_commits_total");
    assert!(commits >= 3.0, "{page}");
    for family in [
        "commit_duration_seconds",
        "batch_records",
        "batch_size_bytes",
    ] {
        let count = value(&page, &format!("orchestrator_{family}_count"));
        assert_eq!(count, commits, "{family}");
    }
    let records = value(&page, "orchestrator_records_total");
    assert_eq!(value(&page, "orchestrator_batch_records_sum"), records);
    assert!(value(&page, "orchestrator_timers_fired_total") >= 1.0);
    assert!(value(&page, "orchestrator_timer_lateness_seconds_count") >= 1.0);
    assert!(sum(&page, "orchestrator_near_timers") >= 1.0);
    assert!(sum(&page, "orchestrator_hot_instances") >= 1.0);
    assert_eq!(sum(&page, "orchestrator_projection_lag_batches"), 0.0);
    assert_eq!(value(&page, "orchestrator_projection_lag_bytes"), 0.0);
    assert!(value(&page, "orchestrator_projection_duration_seconds_count") >= 1.0);
    assert_eq!(sum(&page, "orchestrator_partition_open"), 2.0);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let site = Site::open().await;
    let id = site.start("sleep", "null").await;
    for _ in 0..3 {
        site.get(&format!("/api/v1/workflows/{id}")).await;
    }
    site.get("/api/v1/workflows/nonsense").await;
    site.get("/nowhere/at/all").await;
    let page = scrape(&site).await;
    let one = r#"method="GET",route="/api/v1/workflows/{id}""#;
    let requests = |labels: &str| {
        value(
            &page,
            &format!("orchestrator_http_requests_total{{{labels}}}"),
        )
    };
    assert_eq!(requests(&format!(r#"{one},status="2xx""#)), 3.0);
    assert_eq!(requests(&format!(r#"{one},status="4xx""#)), 1.0);
    let other = r#"method="other",route="other",status="4xx""#;
    assert_eq!(requests(other), 1.0);
    let seconds = format!("orchestrator_http_request_duration_seconds_count{{{one}}}");
    assert_eq!(value(&page, &seconds), 4.0);
    assert!(!page.contains("nowhere") && !page.contains(&id));
}

#[tokio::test]
async fn figures_are_for_those_who_may_read() {
    let tokens = vec![
        TokenSettings::of_token("vic", &["viewer"], "v-token"),
        TokenSettings::of_token("sam", &["submit"], "s-token"),
    ];
    let site = Site::with(tokens, &[]).await;
    for (token, status) in [("", 401), ("s-token", 403), ("v-token", 200)] {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let headers = if token.is_empty() {
            &headers[..0]
        } else {
            &headers[..]
        };
        let page = site.ask("GET", "/metrics", headers, "").await;
        assert_eq!(page.status, status, "{token}: {}", page.text);
    }
}

/// What the process takes is known on Linux alone, so only there are all names exposed.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_documentation_names_every_metric_and_no_other() {
    let page = scrape(&Site::open().await).await;
    let exposed = page.lines().filter_map(|line| {
        let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some((name.to_owned(), kind.to_owned()))
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let document = std::fs::read_to_string(path).unwrap();
    let documented = document.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?;
        Some((name.to_owned(), cells.next()?.to_owned()))
    });
    let (exposed, documented): (BTreeSet<_>, BTreeSet<_>) =
        (exposed.collect(), documented.collect());
    assert_eq!(exposed, documented, "docs/metrics.md has drifted");
}
