//! What those who watch the server read: the figures of the runtime, of the HTTP door and of the process, as
//! Prometheus text.
//!
//! Counting takes place elsewhere, in atomics; everything here runs only when somebody looks.

mod families;
mod page;
mod process;
mod traffic;
mod windows;

pub(crate) use page::{CONTENT_TYPE, page};
pub(crate) use traffic::Traffic;
