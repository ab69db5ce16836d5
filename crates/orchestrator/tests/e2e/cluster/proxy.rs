//! A network cable that can be pulled: what is sent is held back until it is plugged in again.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// Passes connections on to an address.
pub struct Cable {
    /// Where to connect instead.
    pub address: String,
    state: Arc<(Mutex<bool>, Condvar)>,
}

impl Cable {
    /// To this address (`HOST:PORT`).
    pub fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let state = Arc::new((Mutex::new(false), Condvar::new()));
        let (to, shared) = (address.to_owned(), Arc::clone(&state));
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(&to) else {
                    continue;
                };
                let back = (far.try_clone().unwrap(), near.try_clone().unwrap());
                for (from, into) in [(near, far), back] {
                    let state = Arc::clone(&shared);
                    std::thread::spawn(move || pass(from, into, &state));
                }
            }
        });
        Self {
            address: own,
            state,
        }
    }

    /// Pulls it.
    pub fn pull(&self) {
        *self.state.0.lock().unwrap() = true;
    }

    /// Plugs it in.
    pub fn plug(&self) {
        *self.state.0.lock().unwrap() = false;
        self.state.1.notify_all();
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.plug();
    }
}

fn pass(mut from: TcpStream, mut into: TcpStream, state: &(Mutex<bool>, Condvar)) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let pulled = state.0.lock().unwrap();
        drop(state.1.wait_while(pulled, |pulled| *pulled).unwrap());
        if into.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    // Either side may be gone already.
    let _ = into.shutdown(Shutdown::Write);
}
