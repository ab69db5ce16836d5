//! `kill -9` under load, ten times: what was answered completes, and nothing is done twice.

mod clients;
mod verdict;

use std::time::Duration;

use playground::{Mode, Playground, PlaygroundOptions, Switch};
use tempfile::TempDir;

use crate::random::Random;
use crate::stage::{Server, pause, until};
use clients::{STARTS, Taken};

const KILLS: u32 = 10;
/// The longest that a server lives, in milliseconds after it was ready.
const LIVES_MS: u64 = 900;
/// One in so many restarts is killed before it is ready, too.
const KILLED_EARLY: u64 = 3;
/// When, in milliseconds.
const EARLY_MS: u64 = 120;
/// How long a service takes, so that calls are under way when the server is killed.
const SERVICE_MS: u64 = 120;
/// How soon it has to be ready again.
const RECOVERS_WITHIN: Duration = Duration::from_secs(5);
/// How long the rest of the work may take after the last kill.
const COMPLETES_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_answered_completes_and_is_done_once() {
    let seed = seed();
    let dir = TempDir::new().unwrap();
    let options = PlaygroundOptions::on_free_ports(dir.path().join("playground"));
    let playground = Playground::start(options).await.unwrap();
    slow_down(&playground).await;
    let mut server = Server::serve(&dir.path().join("data"), &dir.path().join("logs"), &[]).await;
    server.apply(&definitions(&playground)).await;

    let taken = Taken::default();
    let mut clients = clients::start(&server, &taken);
    kill_again_and_again(&mut server, &mut Random::new(seed), &taken).await;
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }

    let ids = taken.ids();
    assert_eq!(ids.len(), STARTS);
    until("all to complete", COMPLETES_WITHIN, async || {
        (server.count("active").await == 0).then_some(())
    })
    .await;
    verdict::expect_completed(&server, &ids).await;
    verdict::expect_whole_histories(&server, &ids).await;
    let calls = verdict::expect_one_key_each(&playground, &ids).await;
    let (total, repeated) = (calls.total, calls.repeated);
    println!("{STARTS} workflows, {total} calls, {repeated} of them repeated");
    assert!(
        repeated > 0,
        "no call was under way at any kill: this shows nothing"
    );
}

/// The seed, printed so that a failure can be repeated with it.
fn seed() -> u64 {
    let given = std::env::var("ORCHESTRATOR_TEST_SEED").ok();
    let seed = given.map_or(20_814, |seed| seed.parse().unwrap());
    println!("ORCHESTRATOR_TEST_SEED={seed}");
    seed
}

async fn kill_again_and_again(server: &mut Server, random: &mut Random, taken: &Taken) {
    for kill in 1..=KILLS {
        pause(Duration::from_millis(random.below(LIVES_MS))).await;
        server.kill();
        let answered = taken.count();
        if random.below(KILLED_EARLY) == 0 {
            server.spawn_again();
            pause(Duration::from_millis(random.below(EARLY_MS))).await;
            server.kill();
        }
        let took = server.start_again().await;
        println!("kill {kill}: {answered} answered before, ready again after {took:?}");
        assert!(took < RECOVERS_WITHIN, "recovery took {took:?}");
    }
}

async fn slow_down(playground: &Playground) {
    let switch = Switch {
        delay_ms: SERVICE_MS,
        ..Switch::to(Mode::Slow)
    };
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (_, service) in verdict::STEPS {
        let url = format!("{}/_switch", playground.url(service).unwrap());
        let answer = client.put(url).json(&switch).send().await.unwrap();
        assert!(answer.status().is_success());
    }
}

fn definitions(playground: &Playground) -> String {
    let adapter = |(step, service): (&str, &str), path: &str| {
        let url = playground.url(service).unwrap();
        format!(
            "  - name: to-{step}\n    type: http\n    url: {url}\n    timeout: 10s\n    \
             actions: {{ call: {{ method: POST, path: {path} }} }}\n    default-action: call\n"
        )
    };
    let paths = ["/validate", "/send", "/messages"];
    let adapters = verdict::STEPS.into_iter().zip(paths);
    let adapters: String = adapters.map(|(step, path)| adapter(step, path)).collect();
    let steps =
        verdict::STEPS.map(|(step, _)| format!("    - {{ id: {step}, adapter: to-{step} }}\n"));
    let steps = steps.concat();
    format!(
        "adapters:\n{adapters}workflow:\n  name: three-calls\n  version: 1.0.0\n  \
         trigger: {{ type: manual }}\n  timeout: 10m\n  steps:\n{steps}"
    )
}
