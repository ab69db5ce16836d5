//! State and records as the API shows them.

mod adapter;
mod attempts;
mod callback;
mod catalog;
mod dead_letter;
mod decision;
mod event;
mod explanation;
mod instance;
mod mask;
mod operation;
mod past;
mod record;
mod router;
mod schedule;
mod stats;
mod summary;
mod window;

pub use self::schedule::schedule;
pub use adapter::adapter;
pub use attempts::attempts;
pub use callback::{callback, delivery};
pub use catalog::{definition, environments, policies, summaries, version};
pub use dead_letter::dead_letter;
pub use decision::{decision, decision_status, standing};
pub use event::{accepted, event};
pub use explanation::explanation;
pub use instance::{instance, steps};
pub use operation::operation;
pub use past::{fit, misfit, outlook, replay_outlook, restore_outlook};
pub use record::history_record;
pub use router::{router, router_explanation};
pub use stats::{failure_group, stats_series};
pub use summary::{submitted, summary};
pub use window::{came_by_now, window};
