//! What the nodes log, seen and changed while they run.

use std::sync::Arc;

use futures_util::future::join_all;
use store::NodeId;

use super::Runtime;
use crate::catalog::{SystemAct, note_act};
use crate::cluster::LogLevelsAsk;
use crate::error::Unavailable;
use crate::shared::Shared;

/// What this process logs. The runtime itself only hands on what is asked of it.
pub trait LogFilter: Send + Sync + 'static {
    /// The filter that holds: levels, or parts with levels of their own.
    fn current(&self) -> String;

    /// Sets another one; none: the one that the process began with.
    ///
    /// # Errors
    /// With what is wrong with it, in a sentence. Nothing is changed then.
    fn set(&self, levels: Option<&str>) -> Result<(), String>;
}

/// What one node logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLog {
    /// Its name; empty where the server is alone on its store.
    pub node: String,
    /// It is the node that was asked.
    pub is_this: bool,
    /// The filter that holds, or why that is not known.
    pub levels: Result<String, String>,
}

/// Why a filter was not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogLevelsError {
    /// No node that lives is called so.
    #[error("no node that lives is called {0}")]
    NotFound(String),
    /// It is no filter.
    #[error("{0}")]
    Wrong(String),
    /// The node's log is not its own to change.
    #[error("what this process logs is decided by the program that it is part of")]
    NotOurs,
    /// A node does not answer, or the audit could not be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Runtime {
    /// What each node that lives logs.
    pub async fn log_levels(&self) -> Vec<NodeLog> {
        self.at_nodes(None, &LogLevelsAsk::default()).await
    }

    /// Changes what nodes log until they are started again: one, by its name or id, or all. `levels` are what is to
    /// hold; none: what the node began with. It stands in the audit.
    ///
    /// # Errors
    /// When it is no filter, in which case nothing is changed anywhere; when the one node cannot be changed. Of all nodes,
    /// each says for itself whether it was.
    pub async fn set_log_levels(
        &self,
        (actor, reason): (&str, &str),
        node: Option<&str>,
        levels: Option<&str>,
    ) -> Result<Vec<NodeLog>, LogLevelsError> {
        let shared = &self.shared;
        let only = match (node, &shared.cluster) {
            (None, _) => None,
            (Some(node), Some(cluster)) => {
                let found = cluster.named(node).ok();
                Some(found.ok_or_else(|| LogLevelsError::NotFound(node.to_owned()))?)
            }
            (Some(node), None) => return Err(LogLevelsError::NotFound(node.to_owned())),
        };
        let ask = LogLevelsAsk {
            set: true,
            levels: levels.map(str::to_owned),
        };
        let is_ours = only.is_none_or(|only| only == shared.node());
        if is_ours {
            let filter = shared.log_filter.as_ref().ok_or(LogLevelsError::NotOurs)?;
            filter.set(levels).map_err(LogLevelsError::Wrong)?;
        }
        let told = self.at_nodes(only, &ask).await;
        if let (
            Some(_),
            [
                NodeLog {
                    levels: Err(why), ..
                },
            ],
        ) = (only, told.as_slice())
        {
            return Err(LogLevelsError::Wrong(why.clone()));
        }
        let what = levels.unwrap_or("as they began");
        let text = match reason {
            "" => what.to_owned(),
            said => format!("{what}: {said}"),
        };
        let act = SystemAct::LogLevels(node.unwrap_or_default().to_owned());
        note_act(shared, actor, &text, act).await?;
        Ok(told)
    }

    /// Asks one node or all; this one first.
    async fn at_nodes(&self, only: Option<NodeId>, ask: &LogLevelsAsk) -> Vec<NodeLog> {
        let shared = &self.shared;
        let mut all = Vec::new();
        if only.is_none_or(|only| only == shared.node()) {
            all.push(NodeLog {
                node: shared
                    .cluster
                    .as_ref()
                    .map(|own| own.name())
                    .unwrap_or_default(),
                is_this: true,
                levels: log_levels_here(shared),
            });
        }
        let Some(cluster) = &shared.cluster else {
            return all;
        };
        let nodes = cluster.nodes().into_iter();
        let others = nodes.filter(|seen| {
            let is_asked = only.is_none_or(|only| only == seen.node.id);
            seen.live && !seen.is_this && is_asked
        });
        let asked = others.map(|seen| async move {
            let levels = cluster.log_levels(shared, seen.node.id, ask.clone()).await;
            NodeLog {
                node: seen.node.name,
                is_this: false,
                levels,
            }
        });
        all.extend(join_all(asked.collect::<Vec<_>>()).await);
        all
    }
}

/// What this process logs.
fn log_levels_here(shared: &Shared) -> Result<String, String> {
    let filter = shared.log_filter.as_ref();
    let current = filter.map(|filter| filter.current());
    current.ok_or_else(|| LogLevelsError::NotOurs.to_string())
}

/// What another node asked of this one.
pub(crate) fn answer_log_levels(
    shared: &Arc<Shared>,
    ask: &LogLevelsAsk,
) -> Result<String, String> {
    if ask.set
        && let Some(filter) = &shared.log_filter
    {
        filter.set(ask.levels.as_deref())?;
        let levels = filter.current();
        tracing::warn!(levels, "another node had the log's levels changed");
    }
    log_levels_here(shared)
}
