//! A secret that a service gives back in every form is found nowhere: no file of the store, no log, no answer.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::journal_file::JournalFile;
use crate::stage::{Server, until};

/// What is planted, with characters that encodings change.
const SECRET: &str = "s3cr3t/+planted&value=?42";
/// The forms in which the service gives it back.
const FORMS: [&str; 5] = [
    SECRET,
    "czNjcjN0LytwbGFudGVkJnZhbHVlPT80Mg==",
    "czNjcjN0LytwbGFudGVkJnZhbHVlPT80Mg",
    "s3cr3t%2F%2Bplanted%26value%3D%3F42",
    "s3cr3t%2f%2bplanted%26value%3d%3f42",
];

/// A service that answers with everything that it was sent, and the secret in all its forms.
struct Parrot {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Parrot {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&hearing)));
            }
        });
        Self { url, heard }
    }
}

async fn talk(mut stream: TcpStream, heard: Arc<Mutex<Vec<String>>>) {
    let request = read_request(&mut stream).await;
    heard.lock().unwrap().push(request.clone());
    let body = json!({ "you_sent": request, "forms": FORMS, "id": SECRET }).to_string();
    let status = match request.split(' ').nth(1) {
        Some("/refuse") => format!("422 {SECRET}"),
        Some("/break") => "500 Broken".to_owned(),
        _ => "200 OK".to_owned(),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-token: {SECRET}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // The other side may have gone: then there is nobody to answer.
    let _ = stream.write_all((head + &body).as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

fn definitions(url: &str) -> String {
    format!(
        r#"
adapters:
  - name: parrot
    type: http
    url: {url}
    auth: {{ bearer: "${{ secrets.planted }}" }}
    headers: {{ x-key: "${{ secrets.planted }}" }}
    timeout: 5s
    retry: {{ max-attempts: 2, initial-interval: 10ms }}
    actions:
      answer: {{ method: POST, path: /answer }}
      refuse: {{ method: POST, path: /refuse }}
      break: {{ method: POST, path: /break }}
      undo: {{ method: POST, path: /undo }}
workflow:
  name: planted
  version: 1.0.0
  trigger: {{ type: manual }}
  timeout: 1m
  steps:
    - id: answered
      adapter: parrot
      action: answer
      input: {{ token: "${{ secrets.planted }}", note: hello }}
      compensation: undo
    - id: refused
      adapter: parrot
      action: refuse
      input: {{ token: "${{ secrets.planted }}" }}
      on-error: continue
    - id: repeated
      set: {{ all: "${{ steps.answered.output }}", error: "${{ steps.refused.error }}" }}
    - id: broken
      adapter: parrot
      action: break
      input: {{ token: "${{ secrets.planted }}", before: "${{ steps.answered.output }}" }}
"#
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_secret_is_found_nowhere() {
    let dir = TempDir::new().unwrap();
    let (data, logs) = (dir.path().join("data"), dir.path().join("logs"));
    let parrot = Parrot::start().await;
    let variables = [
        ("ORCHESTRATOR_SECRET_PLANTED", SECRET),
        ("ORCHESTRATOR_LOG_LEVEL", "trace"),
    ];
    let arguments = ["serve", "--data", data.to_str().unwrap()];
    let mut server = Server::start(&arguments, &logs, &variables).await;
    server.apply(&definitions(&parrot.url)).await;
    let body = json!({ "workflow": "planted", "input": {} });
    let request = server.post("/api/v1/workflows", &body);
    let started = server.try_send(request).await.unwrap();
    let id = started.body["id"].as_str().unwrap().to_owned();
    let instance = server.until_status(&id, "compensated").await;

    expect_sent(&parrot);
    let answered = &instance["steps"][0]["output"]["you_sent"];
    assert!(
        answered.is_string(),
        "the answer was recorded: {instance:#}"
    );
    for (path, answer) in answers(&server, &id).await {
        expect_clean(&format!("GET {path}"), answer.to_string().as_bytes());
    }
    // Everything is in the files when the list is.
    until("the list to have it", Duration::from_secs(10), async || {
        (server.count("compensated").await == 1).then_some(())
    })
    .await;
    server.kill();
    expect_clean_files(&data);
    expect_clean_files(&logs);
    expect_clean_records(&data);
}

/// The service got it: in its headers and in the body, that of the call that undoes included.
fn expect_sent(parrot: &Parrot) {
    let heard = parrot.heard.lock().unwrap();
    for path in ["/answer", "/refuse", "/break", "/undo"] {
        let request_line = format!("POST {path} ");
        let mut calls = heard.iter().filter(|call| call.starts_with(&request_line));
        let call = calls
            .next()
            .unwrap_or_else(|| panic!("{path} was not called"));
        assert!(
            call.contains(&format!("uthorization: Bearer {SECRET}")),
            "{call}"
        );
        assert!(call.contains(&format!("x-key: {SECRET}")), "{call}");
        assert!(call.contains(&format!("\"token\":\"{SECRET}\"")), "{call}");
    }
}

async fn answers(server: &Server, id: &str) -> Vec<(String, Value)> {
    let of_instance = [
        "",
        "/steps",
        "/history?limit=1000",
        "/state?at_seq=3",
        "/steps/answered/attempts",
        "/steps/refused/attempts",
        "/steps/broken/attempts",
    ];
    let of_instance = of_instance.map(|path| format!("/api/v1/workflows/{id}{path}"));
    let others = [
        "workflows",
        "adapters",
        "adapters/parrot",
        "definitions",
        "audit",
    ];
    let others = others.map(|path| format!("/api/v1/{path}"));
    let mut answers = Vec::new();
    for path in of_instance.into_iter().chain(others) {
        let answer = server.get(&path).await;
        answers.push((path, answer));
    }
    answers
}

fn expect_clean(place: &str, bytes: &[u8]) {
    // Files of the journal are laid out with zeros in advance.
    let length = bytes.iter().rposition(|byte| *byte != 0);
    let bytes = &bytes[..length.map_or(0, |last| last + 1)];
    for form in FORMS {
        let found = bytes
            .windows(form.len())
            .position(|window| window == form.as_bytes());
        if let Some(at) = found {
            let around = &bytes[at.saturating_sub(80)..(at + 80).min(bytes.len())];
            let around = String::from_utf8_lossy(around);
            panic!("{place} holds the secret at byte {at}: {around}");
        }
    }
}

fn expect_clean_files(folder: &Path) {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                expect_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
                files += 1;
            }
        }
    }
    assert!(files > 1, "there are files in {}", folder.display());
}

/// The journal packs what it holds: unpacked, it does not hold it either.
fn expect_clean_records(data: &Path) {
    let journal = JournalFile::last(data);
    let records = journal.records();
    let unpacked = format!("{records:?}");
    assert!(
        unpacked.contains("you_sent"),
        "the answers are in the journal"
    );
    expect_clean("the journal, unpacked,", unpacked.as_bytes());
}
