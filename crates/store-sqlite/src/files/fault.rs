//! A disk for tests: it remembers what was synced and what was not, so that a crash can lose or
//! tear the rest, and it can refuse the n-th operation.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::{Files, StoredFile};

/// What goes wrong, and at which operation (counted from 1 over writes, syncs and folder changes).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) at: u64,
    pub(crate) kind: io::ErrorKind,
}

#[derive(Clone, Default)]
struct Content {
    durable: Vec<u8>,
    unsynced: Vec<(u64, Vec<u8>)>,
}

impl Content {
    fn current(&self) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for (offset, write) in &self.unsynced {
            put(&mut bytes, *offset, write);
        }
        bytes
    }
}

#[derive(Default)]
struct Disk {
    /// Names as a reader sees them now, and as they are after a loss of power.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    contents: Vec<Content>,
    operations: u64,
    fault: Option<Fault>,
    read_only: bool,
}

/// A folder in memory that can fail and crash.
#[derive(Clone, Default)]
pub(crate) struct FaultyFiles {
    disk: Arc<Mutex<Disk>>,
}

struct FaultyFile {
    disk: Arc<Mutex<Disk>>,
    content: usize,
}

impl FaultyFiles {
    /// From now on the operation counted `at` (from here) and all later ones fail.
    pub(crate) fn fail(&self, at: u64, kind: io::ErrorKind) {
        let mut disk = self.disk.lock().unwrap();
        let at = disk.operations + at;
        disk.fault = Some(Fault { at, kind });
    }

    pub(crate) fn read_only(&self) {
        self.disk.lock().unwrap().read_only = true;
    }

    /// How many writes, syncs and folder changes there were.
    pub(crate) fn operations(&self) -> u64 {
        self.disk.lock().unwrap().operations
    }

    /// The bytes of the last write that was not synced; 0 when all were.
    pub(crate) fn unsynced_bytes(&self) -> usize {
        let disk = self.disk.lock().unwrap();
        let last = disk
            .contents
            .iter()
            .filter_map(|content| content.unsynced.last());
        last.map(|(_, bytes)| bytes.len()).sum()
    }

    /// The disk after a loss of power: what was not synced is gone, except the first `kept` bytes
    /// of the last write of each file.
    pub(crate) fn crash(&self, kept: usize) -> Self {
        self.crash_with(|write| 0..kept.min(write))
    }

    /// The same, but the end of the last write reached the disk and its beginning did not.
    pub(crate) fn crash_losing_start(&self, lost: usize) -> Self {
        self.crash_with(|write| lost.min(write)..write)
    }

    /// `kept` tells which bytes of the last write (of this length) reached the disk.
    fn crash_with(&self, kept: impl Fn(usize) -> Range<usize>) -> Self {
        let disk = self.disk.lock().unwrap();
        let survive = |content: &Content| {
            let mut durable = content.durable.clone();
            if let Some((offset, write)) = content.unsynced.last() {
                let kept = kept(write.len());
                put(&mut durable, offset + kept.start as u64, &write[kept]);
            }
            Content {
                durable,
                unsynced: vec![],
            }
        };
        let crashed = Disk {
            names: disk.durable_names.clone(),
            durable_names: disk.durable_names.clone(),
            contents: disk.contents.iter().map(survive).collect(),
            ..Disk::default()
        };
        Self {
            disk: Arc::new(Mutex::new(crashed)),
        }
    }

    /// The bytes of a file, to damage them.
    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut disk = self.disk.lock().unwrap();
        let content = disk.names[name];
        change(&mut disk.contents[content].durable);
    }
}

impl Disk {
    fn step(&mut self) -> io::Result<()> {
        if self.read_only {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.operations += 1;
        match self.fault {
            Some(fault) if self.operations >= fault.at => Err(fault.kind.into()),
            _ => Ok(()),
        }
    }
}

impl Files for FaultyFiles {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.disk.lock().unwrap().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let mut disk = self.disk.lock().unwrap();
        disk.step()?;
        let content = disk.contents.len();
        disk.contents.push(Content::default());
        disk.names.insert(name.to_owned(), content);
        Ok(Arc::new(FaultyFile {
            disk: self.disk.clone(),
            content,
        }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let disk = self.disk.lock().unwrap();
        let content = *disk.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(FaultyFile {
            disk: self.disk.clone(),
            content,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk.lock().unwrap();
        disk.step()?;
        let content = disk.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        disk.names.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk.lock().unwrap();
        disk.step()?;
        disk.names.remove(name);
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut disk = self.disk.lock().unwrap();
        disk.step()?;
        disk.durable_names = disk.names.clone();
        Ok(())
    }
}

impl StoredFile for FaultyFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.lock().unwrap().contents[self.content]
            .current()
            .len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let bytes = self.disk.lock().unwrap().contents[self.content].current();
        let part = bytes.get(offset as usize..offset as usize + buffer.len());
        buffer.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut disk = self.disk.lock().unwrap();
        disk.step()?;
        let content = &mut disk.contents[self.content];
        content.unsynced.push((offset, bytes.to_vec()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk.lock().unwrap();
        disk.step()?;
        let content = &mut disk.contents[self.content];
        content.durable = content.current();
        content.unsynced.clear();
        Ok(())
    }
}

fn put(bytes: &mut Vec<u8>, offset: u64, write: &[u8]) {
    if write.is_empty() {
        return;
    }
    let start = offset as usize;
    let end = start + write.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[start..end].copy_from_slice(write);
}
