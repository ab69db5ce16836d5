//! The log of decisions: each slot's are a chain of hashes, so that a decision that was edited,
//! deleted or cut off shows, and its heads are signed, so that a chain written anew shows as well to
//! whoever kept an older head.

mod check;
mod head;
mod link;

pub(crate) use check::chain_heads;
pub use check::{LogFinding, LogReport, check_decision_log};
pub use head::{ChainHead, KeptHeads};
pub(crate) use link::{Chains, head_prefix, log_start, resolved_in};
