//! Walks the checksums of what is durable, while the journal is in use.

use std::sync::Arc;

use store::StoreError;

use super::index::{INTACT, SharedIndex, segment_name};
use super::scan::{End, follows, scan};
use crate::failure::{corrupt, io_failure};
use crate::files::StoredFile;

/// Every damage found, each as the refusal that it would cause at the next start.
pub(crate) fn verify(index: &SharedIndex) -> Vec<StoreError> {
    let files: Vec<(u64, u64, Arc<dyn StoredFile>)> = {
        let index = index.read().expect(INTACT);
        let segments = index.segments.iter();
        segments
            .map(|(number, segment)| (*number, segment.end, segment.file.clone()))
            .collect()
    };
    let mut findings = vec![];
    let mut last = None;
    for (number, end, file) in files {
        let place = format!("journal/{}", segment_name(number));
        let mut bytes = vec![0; end as usize];
        if let Err(error) = file.read_exact_at(&mut bytes, 0) {
            findings.push(io_failure(&format!("reading {place}"), error));
            continue;
        }
        let scan = scan(&bytes, number);
        let first = scan.blocks.first().map(|block| block.header);
        if let (Some(last), Some(first)) = (last, first)
            && !follows(&last, &first)
        {
            findings.push(corrupt(
                place.clone(),
                "it does not follow the file before it".into(),
            ));
        }
        if scan.end != End::Clean || scan.end_offset() as u64 != end {
            let detail = format!("the block at byte {} is not whole", scan.end_offset());
            findings.push(corrupt(place, detail));
            last = None;
            continue;
        }
        last = scan.blocks.last().map(|block| block.header).or(last);
    }
    findings
}
