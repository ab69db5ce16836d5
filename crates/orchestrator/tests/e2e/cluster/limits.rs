//! Limits that hold over all nodes, counted where the calls arrive.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::nodes::Nodes;
use crate::harness::until;

/// How many calls there are at once, and were.
#[derive(Default)]
struct Counted {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

/// A service that takes a moment for each call, and counts those that are there at once.
fn service() -> (String, Arc<Counted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let counted = Arc::new(Counted::default());
    let shared = Arc::clone(&counted);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let counted = Arc::clone(&shared);
            std::thread::spawn(move || answer(stream, &counted));
        }
    });
    (url, counted)
}

fn answer(mut stream: TcpStream, counted: &Counted) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    let now = counted.now.fetch_add(1, Ordering::AcqRel) + 1;
    counted.most.fetch_max(now, Ordering::AcqRel);
    counted.all.fetch_add(1, Ordering::AcqRel);
    // The work that a call is.
    std::thread::sleep(Duration::from_millis(20));
    counted.now.fetch_sub(1, Ordering::AcqRel);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n";
    // The node may be gone.
    let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{{}}").as_bytes());
}

#[test]
fn an_adapters_concurrency_holds_over_all_nodes_and_a_take_over() {
    let (url, counted) = service();
    let mut nodes = Nodes::three();
    nodes.nodes[0].0.apply(&format!(
        "adapters:\n  - name: narrow\n    type: http\n    url: {url}\n    concurrency: 4\n    \
         timeout: 10s\n    actions: {{ call: {{ method: POST, path: / }} }}\n    \
         default-action: call\nworkflow:\n  name: through\n  version: 1.0.0\n  timeout: 1h\n  \
         steps:\n    - {{ id: a, adapter: narrow, input: {{}} }}\n"
    ));
    let ids: Vec<String> = (0..60)
        .map(|number| nodes.nodes[number % 3].0.submit("through", "{}"))
        .collect();
    for id in &ids {
        nodes.nodes[0].0.until_status(id, "completed");
    }
    let most = counted.most.load(Ordering::Acquire);
    assert!((1..=4).contains(&most), "{most} calls at once");
    assert_eq!(
        counted.all.load(Ordering::Acquire),
        60,
        "each was made once"
    );

    // The home of the permits may be the node that goes.
    let (more, rest): (Vec<_>, Vec<_>) = (0..30)
        .map(|number| nodes.nodes[number % 3].0.submit("through", "{}"))
        .enumerate()
        .partition(|(number, _)| number % 2 == 0);
    nodes.stop(2);
    for (_, id) in more.iter().chain(&rest) {
        nodes.nodes[0].0.until_status(id, "completed");
    }
    until("the last call has come back", || {
        (counted.now.load(Ordering::Acquire) == 0).then_some(())
    });
    let most = counted.most.load(Ordering::Acquire);
    assert!(most <= 4, "{most} calls at once");
}
