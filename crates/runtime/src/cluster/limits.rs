//! Asking other nodes about an adapter: its home, and what they have under way.

use std::sync::Arc;
use std::time::Duration;

use engine::Id;
use futures_util::future::join_all;
use store::NodeId;

use super::state::Cluster;
use super::wire::{Answer, Ask, LogLevelsAsk, id_bytes};
use crate::error::Unavailable;
use crate::limits::{HeldTask, LimitsAnswer, LimitsAsk, StandingAnswer, home_of};
use crate::shared::Shared;

/// How long a home may take to answer.
const ANSWER: Duration = Duration::from_secs(1);

impl Cluster {
    /// What the home of an adapter on another node answers.
    pub(crate) async fn ask_limits(
        &self,
        shared: &Arc<Shared>,
        ask: LimitsAsk,
    ) -> Result<LimitsAnswer, Unavailable> {
        let place = shared.placement.of(home_of(&ask.adapter));
        let owner = self.view().owner(place).filter(|owner| *owner != self.me);
        let link = owner.and_then(|owner| self.link(shared, owner));
        let link = link.ok_or(Unavailable::Closed)?;
        let version = shared.catalog.current().version;
        let answer = link.ask(version, Ask::Limits(ask));
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(Ok(Answer::Limits(answer))) => Ok(answer),
            _ => Err(Unavailable::Closed),
        }
    }

    /// What the other nodes have under way of an adapter; one that does not answer in time is left
    /// out.
    pub(crate) async fn standings(
        &self,
        shared: &Arc<Shared>,
        adapter: &str,
    ) -> Vec<StandingAnswer> {
        let version = shared.catalog.current().version;
        let others = self.others().into_iter();
        let links = others.filter_map(|id| self.link(shared, id));
        let asked = links.map(|link| async move {
            let answer = link.ask(version, Ask::Standing(adapter.to_owned()));
            match tokio::time::timeout(ANSWER, answer).await {
                Ok(Ok(Answer::Standing(standing))) => Some(standing),
                _ => None,
            }
        });
        let answers = join_all(asked.collect::<Vec<_>>()).await;
        answers.into_iter().flatten().collect()
    }

    /// What another node logs, or logs from now on; or why that is not known.
    pub(crate) async fn log_levels(
        &self,
        shared: &Arc<Shared>,
        node: NodeId,
        ask: LogLevelsAsk,
    ) -> Result<String, String> {
        let silent = || "it does not answer".to_owned();
        let link = self.link(shared, node).ok_or_else(silent)?;
        let answer = link.ask(0, Ask::LogLevels(ask));
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(Ok(Answer::LogLevels(told))) if told.refused.is_empty() => Ok(told.levels),
            Ok(Ok(Answer::LogLevels(told))) => Err(told.refused),
            Ok(Ok(_)) => Err("it is of another version, which does not tell".to_owned()),
            Ok(Err(_)) | Err(_) => Err(silent()),
        }
    }

    /// Which of an instance's tasks wait at its owner, if that answers in time.
    pub(crate) async fn held(&self, shared: &Arc<Shared>, id: Id) -> Vec<HeldTask> {
        let owner = self.view().owner(shared.placement.of(id.slot()));
        let owner = owner.filter(|owner| *owner != self.me);
        let Some(link) = owner.and_then(|owner| self.link(shared, owner)) else {
            return vec![];
        };
        let version = shared.catalog.current().version;
        let answer = link.ask(version, Ask::Held(id_bytes(id)));
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(Ok(Answer::Held(held))) => held.into(),
            _ => vec![],
        }
    }
}
