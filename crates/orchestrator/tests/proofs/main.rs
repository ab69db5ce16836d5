//! What the product promises, shown on the real binary: nothing accepted is lost or done twice whenever it is killed,
//! a torn write costs nothing, the examples do what their pages say, and no secret is written anywhere.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

#[path = "../harness/random.rs"]
mod random;

mod journal_file;
mod kill_nine;
mod onboarding;
mod past;
mod planted_secret;
mod stage;
mod torn_journal;
