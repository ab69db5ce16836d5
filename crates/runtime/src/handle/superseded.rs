//! Dead letters of an instance that is taken up again: it makes their calls itself.

use std::collections::BTreeSet;

use engine::record::DeadLetterSettled;
use engine::{Command, Id};
use store::{Scan, Table};

use super::Runtime;
use super::instances::Order;
use crate::cluster::When;
use crate::dead_letter::{DeadLetter, LetterSettled, letter_prefix, settling};
use crate::error::{CommandError, Unavailable};

/// Rows read at once.
const PAGE: usize = 500;
/// Letters of one instance that are settled with it; more stay, to be settled by hand.
const MOST: usize = 1_000;

impl Runtime {
    /// The letters of an instance of this process that are settled when this order is carried out:
    /// those of steps that run again.
    pub(super) async fn superseded(
        &self,
        order: &Order,
    ) -> Result<Vec<DeadLetterSettled>, CommandError> {
        let again = self.run_again(order).await?;
        if again.is_empty() {
            return Ok(Vec::new());
        }
        if !self.fresh_here(order.id.slot()).await? {
            return Err(Unavailable::Closed.into());
        }
        let of_these = |letter: &DeadLetter| {
            letter.workflow_id == order.id && letter.kind == "step" && again.contains(&letter.step)
        };
        let letters = self.waiting_letters(order.id, of_these).await?;
        let settle = |letter: DeadLetter| {
            let settled = LetterSettled {
                by: order.actor.clone(),
                at: self.shared().clock.now_ms(),
                reason: reason(&order.command).to_owned(),
                cause: order.cause.clone(),
                instance: Some(order.id),
            };
            settling(letter, settled)
        };
        Ok(letters.into_iter().map(settle).collect())
    }

    /// The steps that run again; none where the order takes nothing up.
    async fn run_again(&self, order: &Order) -> Result<BTreeSet<String>, CommandError> {
        let taken_up = matches!(order.command, Command::Retry(_) | Command::Restore(_));
        if !taken_up {
            return Ok(BTreeSet::new());
        }
        let instance = self.read_here(order.id, When::Now).await?;
        let now = self.shared().clock.now_ms();
        let outlook = match &order.command {
            Command::Restore(restore) => match &restore.target {
                Some(target) => instance.restore_outlook(target, now),
                None => return Ok(BTreeSet::new()),
            },
            _ => instance.retry_outlook(now),
        };
        // Where it is refused, the decision says so.
        let again = outlook.map(|outlook| outlook.again).unwrap_or_default();
        Ok(again.into_iter().map(|again| again.step).collect())
    }

    /// Letters that wait, in an instance's slot, where they all are.
    async fn waiting_letters(
        &self,
        id: Id,
        fits: impl Fn(&DeadLetter) -> bool,
    ) -> Result<Vec<DeadLetter>, Unavailable> {
        let mut scan = Scan {
            table: Table::DeadLetter,
            slots: id.slot()..=id.slot(),
            after: None,
            prefix: letter_prefix(true),
            reverse: false,
            limit: PAGE,
        };
        let mut found = Vec::new();
        loop {
            let rows = self.shared().store.scan(scan.clone()).await?;
            let letters = rows.iter();
            let letters = letters.filter_map(|row| serde_json::from_slice(&row.value).ok());
            found.extend(letters.filter(&fits));
            let more = rows
                .last()
                .filter(|_| rows.len() == PAGE && found.len() < MOST);
            let Some(last) = more else {
                return Ok(found);
            };
            scan.after = Some((last.key.clone(), last.slot));
        }
    }
}

fn reason(command: &Command) -> &str {
    match command {
        Command::Retry(held) => &held.reason,
        Command::Restore(order) => &order.reason,
        _ => "",
    }
}
