//! A service that takes a moment for each call, and counts those that arrive.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How many calls there are at once, and were; and whether they fail.
#[derive(Default)]
pub struct Counted {
    pub now: AtomicUsize,
    pub most: AtomicUsize,
    pub all: AtomicUsize,
    pub failing: AtomicBool,
}

/// Starts a service on a free port, for as long as the test's process lives; answers its URL.
pub fn service() -> (String, Arc<Counted>) {
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
    let status = match counted.failing.load(Ordering::Acquire) {
        true => "503 Service Unavailable",
        false => "200 OK",
    };
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n");
    // The node may be gone.
    let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{{}}").as_bytes());
}
