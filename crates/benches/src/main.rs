//! Measures the product on this machine, each figure beside the limit of the store in the same run: how many 3-step
//! workflows a second, and how long one takes from submit to completed, every commit synced to the disk.

mod embedded;
mod load;
mod machine;
mod meter;
mod options;
mod over_http;
mod raw;
mod report;
mod series;
mod served;
mod spread;

use anyhow::Result;
use clap::Parser;

use crate::options::Options;

fn main() -> Result<()> {
    let options = Options::parse();
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    threads.block_on(series::run(&options))
}
