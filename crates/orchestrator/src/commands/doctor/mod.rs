//! `doctor`: looks for damage.

mod check;
mod heads;
mod running;
mod stopped;

pub use running::running;
pub use stopped::stopped;

use api::Code;

use crate::failure::Failure;

/// A finding in the log of decisions, in words.
fn told(slot: u16, number: u64, what: &str) -> String {
    format!("decision {number} of slot {slot}: {what}")
}

/// The command's end where there are violations, which standard output has told or `findings` tell.
fn violated(count: usize, findings: &[String]) -> Failure {
    let mut message = format!("{count} violations were found");
    for finding in findings {
        message.push_str(&format!("\n  {finding}"));
    }
    Failure::new(Code::VIOLATION, message)
}
