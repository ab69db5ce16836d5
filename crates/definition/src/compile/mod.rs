//! From a checked document to the graph that the engine interprets.

mod action;
mod block;
mod cache;
mod call;
mod callback;
mod context;
mod emit;
mod event;
mod expressions;
mod header;
mod known;
mod man;
mod needs;
mod outline;
mod resolved;
mod router;
mod schedule;
mod scopes;
mod step;
mod stepless;
mod trigger;
mod turn;
mod visibility;
mod warnings;
mod window;
mod workflow;

pub(crate) use callback::{callback_name, lower_callback};
pub(crate) use context::{Use, UseKind};
pub(crate) use event::lower_event;
pub(crate) use expressions::check_adapter_templates;
pub(crate) use known::{BUILTIN_ACTIONS, Known, Others};
pub(crate) use man::{policy_name, read_man_policy, read_risk_policy};
pub(crate) use router::{lower_router, router_name};
pub(crate) use trigger::secret_named;
pub(crate) use workflow::lower;
pub use workflow::{compile_workflow, parse_workflow};
