//! Taking a node out of use while it runs on: it owns nothing, and sends requests on.

use std::time::Duration;

use store::NodeId;
use tokio::time::timeout;

use super::state::Cluster;
use super::wire::{Answer, Ask, DrainAsk};
use crate::catalog::{SystemAct, note_act};
use crate::error::{DrainError, Unavailable};
use crate::handle::Runtime;

/// What a drained node says of itself begins so.
const DRAINED: &str = "it is drained";
/// How long the answer waits at most until this node sees what it asked for.
const SEEN: Duration = Duration::from_secs(5);

impl Runtime {
    /// Takes a node out of use. It is named by its name or id. A node that is started again is in use. It
    /// stands in the audit.
    ///
    /// # Errors
    /// When no such node lives, no other one could take over, or it cannot be reached; where only the audit
    /// could not be written, it is in force all the same.
    pub async fn drain(&self, actor: &str, node: &str, reason: &str) -> Result<(), DrainError> {
        let why = match reason {
            "" => actor.to_owned(),
            said => format!("{actor}: {said}"),
        };
        self.set_drained(node, Some(why)).await?;
        let act = SystemAct::Drained(node.to_owned());
        Ok(note_act(&self.shared(), actor, reason, act).await?)
    }

    /// Takes a drained node back into use.
    ///
    /// # Errors
    /// As [`Self::drain`].
    pub async fn undrain(&self, actor: &str, node: &str, reason: &str) -> Result<(), DrainError> {
        self.set_drained(node, None).await?;
        let act = SystemAct::Undrained(node.to_owned());
        Ok(note_act(&self.shared(), actor, reason, act).await?)
    }

    async fn set_drained(&self, node: &str, why: Option<String>) -> Result<(), DrainError> {
        let shared = self.shared();
        let cluster = shared.cluster.as_ref().ok_or(DrainError::Alone)?;
        let id = cluster.named(node)?;
        if why.is_some() && !cluster.has_another(id) {
            return Err(DrainError::Last);
        }
        let fit = why.is_none();
        if id == cluster.me {
            cluster.drain_this(why.as_deref());
        } else {
            let link = cluster.link(&shared, id).ok_or(Unavailable::Closed)?;
            let ask = Ask::Drain(DrainAsk { why });
            match link.ask(0, ask).await? {
                Answer::Done(_) => {}
                other => return Err(other.into_unavailable().into()),
            }
        }
        // What takes longer is seen later.
        let _late = timeout(SEEN, cluster.until_fit(id, fit)).await;
        Ok(())
    }
}

impl Cluster {
    /// The node that lives under a name or id.
    pub(crate) fn named(&self, node: &str) -> Result<NodeId, DrainError> {
        let nodes = self.nodes();
        let mut live = nodes.iter().filter(|seen| seen.live);
        let found = live.find(|seen| seen.node.name == node || seen.node.id.to_string() == node);
        let not_found = || DrainError::NotFound(node.to_owned());
        found.map(|seen| seen.node.id).ok_or_else(not_found)
    }

    /// Whether a node beside this one may own partitions.
    fn has_another(&self, id: NodeId) -> bool {
        let nodes = self.nodes();
        let mut fit = nodes
            .iter()
            .filter(|seen| seen.live && seen.node.unfit.is_empty());
        fit.any(|seen| seen.node.id != id)
    }

    /// Takes this node out of use, or back; one that ends, or whose clock is wrong, stays as it is.
    pub(super) fn drain_this(&self, why: Option<&str>) {
        let unfit = self.node().unfit;
        match why {
            Some(why) if unfit.is_empty() || unfit.starts_with(DRAINED) => {
                tracing::warn!(why, "this node is drained");
                self.set_unfit(&format!("{DRAINED} ({why})"));
            }
            None if unfit.starts_with(DRAINED) => {
                tracing::info!("this node is back in use");
                self.set_unfit("");
            }
            Some(_) | None => {}
        }
        self.wake.notify_one();
    }

    async fn until_fit(&self, id: NodeId, fit: bool) {
        loop {
            let seen = self.changed.get();
            let node = self.view().nodes.get(&id).cloned();
            if node.is_none_or(|seen| seen.node.unfit.is_empty() == fit) {
                return;
            }
            self.wake.notify_one();
            self.changed.reach(seen + 1).await;
        }
    }
}
