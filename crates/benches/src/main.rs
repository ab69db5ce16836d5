//! Measures the product on this machine: the real server as a process of its own, every commit synced to the disk, the
//! load over HTTP, the results counted from its store; each figure beside its limit or a peer in the same run.

mod bare;
mod bench;
mod client;
mod disk;
mod echo;
mod http;
mod instructions;
mod journal;
mod load;
mod machine;
mod measure;
mod options;
mod peers;
mod process;
mod report;
mod served;
mod service;
mod spread;
mod suite;

use anyhow::Result;
use clap::Parser;

use crate::options::{Options, Task};

/// One thread, so that the load leaves the cores to what is measured.
fn main() -> Result<()> {
    let options = Options::parse();
    let threads = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match &options.task {
        None => threads.block_on(suite::run(options)),
        Some(Task::Echo { listen }) => threads.block_on(echo::serve(*listen)),
        Some(Task::Bare { listen, folder }) => threads.block_on(bare::serve(*listen, folder)),
        Some(Task::Instructions { accept }) => instructions::run(&options, *accept),
        Some(Task::Workload { name, times }) => instructions::workload(name, *times),
    }
}
