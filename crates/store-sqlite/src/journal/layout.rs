//! Lays files out with zeros in advance, so that later syncs carry data only and no change of the
//! file's shape.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::index::segment_name;
use crate::files::{Files, StoredFile};

/// A file that a thread of its own lays out.
pub(super) struct Layout {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<Arc<dyn StoredFile>>>>,
}

impl Layout {
    /// Starts the thread; none when the system gives no thread.
    pub(super) fn start(files: Arc<dyn Files>, segment: u64, bytes: u64) -> Option<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("journal-layout".into());
        let laid_out = move || lay_out(&*files, segment, bytes, || stopped.load(Ordering::Relaxed));
        let thread = thread.spawn(laid_out).ok()?;
        Some(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Whether the file can be taken without waiting.
    pub(super) fn is_ready(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the file.
    pub(super) fn take(mut self) -> io::Result<Arc<dyn StoredFile>> {
        let thread = self
            .thread
            .take()
            .ok_or_else(|| io::Error::other("it was taken"))?;
        thread
            .join()
            .map_err(|_| io::Error::other("laying out the next file panicked"))?
    }
}

impl Drop for Layout {
    /// Waits for the thread: it must not touch a folder that the next owner opens.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("laying out the next journal file panicked");
        }
    }
}

/// Makes a file of zeros, durable, unless it is told to stop.
pub(super) fn lay_out(
    files: &dyn Files,
    segment: u64,
    bytes: u64,
    stop: impl Fn() -> bool,
) -> io::Result<Arc<dyn StoredFile>> {
    let file = files.create(&segment_name(segment))?;
    fill(&*file, 0, bytes, stop)?;
    file.sync()?;
    files.sync_folder()?;
    Ok(file)
}

/// Writes zeros from an offset to another.
pub(super) fn fill(
    file: &dyn StoredFile,
    from: u64,
    to: u64,
    stop: impl Fn() -> bool,
) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut offset = from;
    while offset < to && !stop() {
        let length = (to - offset).min(zeros.len() as u64);
        file.write_all_at(&zeros[..length as usize], offset)?;
        offset += length;
    }
    Ok(())
}
