//! `dev`: everything on this machine, to try and to develop with.

use std::net::SocketAddr;
use std::path::PathBuf;

use api::{Code, Exit};
use playground::{DEFAULT_FIRST_PORT, Playground, PlaygroundOptions};
use server::{Flags, Server, Settings, TokenSettings};

use super::serve::{announce, block_on, start, start_logging, until_asked};
use crate::args::DevArgs;
use crate::examples::EXAMPLES;
use crate::failure::Failure;

/// The services, in the order of their ports behind the index page's.
const SERVICES: [&str; 7] = [
    "crm",
    "billing",
    "email",
    "chat",
    "stock",
    "carrier-swift",
    "carrier-steady",
];

/// Runs server, examples and playground until it is asked to stop.
pub fn run(args: &DevArgs) -> Result<Exit, Failure> {
    let temporary = args
        .ephemeral
        .then(|| tempfile::tempdir().map_err(Failure::from))
        .transpose()?;
    let folder = temporary
        .as_ref()
        .map_or_else(|| args.data.clone(), |dir| dir.path().to_owned());
    let settings = settings(args, folder.join("store"))?;
    start_logging(&settings)?;
    let ended = block_on(async {
        let playground = match args.no_playground {
            true => None,
            false => Some(start_playground(folder.join("playground"), args.playground_port).await?),
        };
        let started = start(&settings).await?;
        let server = &started.server;
        apply_examples(server, playground.as_ref()).await;
        announce(server)?;
        greet(server, playground.as_ref());
        let ended = until_asked(started).await;
        if let Some(playground) = playground {
            playground.shutdown().await;
        }
        ended
    });
    // Removed only now: the store was in it.
    drop(temporary);
    ended
}

fn settings(args: &DevArgs, data: PathBuf) -> Result<Settings, Failure> {
    let wrong =
        |error: server::SettingsError| Failure::new(Code::BAD_CONFIGURATION, error.to_string());
    let flags = Flags::from([
        ("listen", args.listen.clone()),
        ("data", data.display().to_string()),
        ("env", "dev".to_owned()),
    ]);
    // What is set for a real server must not leak into this one, but for the log and secrets.
    let shared = |name: &str| name.contains("_LOG_") || name.ends_with("_SECRETS_DIR");
    let variable = |name: &str| shared(name).then(|| std::env::var(name).ok()).flatten();
    let (mut settings, _) = Settings::load(flags, variable).map_err(wrong)?;
    settings.tokens = vec![
        TokenSettings::of_token("ann", &["operator"], "dev-ann"),
        TokenSettings::of_token("bob", &["operator", "finance"], "dev-bob"),
        TokenSettings::of_token("root", &["admin"], "dev-root"),
    ];
    settings.without_token = Some("root".to_owned());
    if std::env::var_os("ORCHESTRATOR_LOG_LEVEL").is_none() {
        settings.log.level = "warn".to_owned();
    }
    Ok(settings)
}

async fn start_playground(dir: PathBuf, first_port: u16) -> Result<Playground, Failure> {
    let options = match first_port {
        0 => PlaygroundOptions::on_free_ports(dir),
        first_port => PlaygroundOptions { dir, first_port },
    };
    let failed =
        |error: playground::PlaygroundError| Failure::new(Code::NO_ADDRESS, error.to_string());
    Playground::start(options).await.map_err(failed)
}

/// Applies the examples; a folder of an older release may have them in another form.
async fn apply_examples(server: &Server, playground: Option<&Playground>) {
    let file = |example: &crate::examples::Example| {
        (
            example.name.to_owned(),
            at_services(example.text, playground).into_bytes(),
        )
    };
    let files = EXAMPLES.iter().map(file).collect();
    if let Err(problem) = server.apply(files, "root", "the examples of dev").await {
        eprintln!("the examples could not be applied: {}", problem.detail);
        for finding in problem
            .errors
            .iter()
            .filter(|finding| finding.severity.as_deref() != Some("warning"))
        {
            eprintln!("{}", crate::failure::describe(finding));
        }
    }
}

/// The text with the addresses where the services really are.
fn at_services(text: &str, playground: Option<&Playground>) -> String {
    let mut text = text.to_owned();
    for (port, service) in (DEFAULT_FIRST_PORT + 1..).zip(SERVICES) {
        let usual = format!("http://{}", SocketAddr::from(([127, 0, 0, 1], port)));
        if let Some(url) = playground.and_then(|playground| playground.url(service)) {
            text = text.replace(&usual, url);
        }
    }
    text
}

fn greet(server: &Server, playground: Option<&Playground>) {
    let url = format!("http://{}", server.address());
    eprintln!();
    eprintln!("  dashboard  {url}");
    eprintln!("  API        {url}/api/docs");
    if let Some(index) = playground.and_then(|playground| playground.url("index")) {
        eprintln!("  services   {index}   (make them slow, failing or down)");
    }
    eprintln!("  callers    ann, bob (finance), root: --token dev-ann, dev-bob, dev-root");
    eprintln!();
    eprintln!("  Send a customer:");
    eprintln!();
    eprintln!("    curl {url}/api/v1/hooks/crm-adapter -H 'content-type: application/json' \\");
    eprintln!(
        "      -d '{{\"customer_id\": \"c-1001\", \"name\": \"Ada Byron\", \"email\": \"ada@example.org\"}}'"
    );
    eprintln!();
    eprintln!("  and see it:  orchestrator list   orchestrator watch ID");
    eprintln!();
}
