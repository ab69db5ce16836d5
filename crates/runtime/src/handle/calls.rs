//! A call of an adapter that a person tries out.

use definition::AdapterSpec;
use engine::Payload;

use super::Runtime;
use crate::catalog::{SystemAct, note_act};
use crate::error::{ApplyError, SubmitError, Unavailable};
use crate::one_step::{ONE_STEP_VERSION, OneStep};
use crate::submit::{Idempotency, Submit, Submitted};

/// What is to be called, and by whom.
#[derive(Clone, Debug, Default)]
pub struct CallOrder {
    /// The adapter.
    pub adapter: String,
    /// Its action; empty: its default.
    pub action: String,
    /// What it is given.
    pub input: Payload,
    /// Persists over everything that it sets in motion; empty: the instance's id.
    pub correlation_id: String,
    /// The caller's idempotency key.
    pub idempotency: Option<Idempotency>,
    /// Who asks.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// Why a call was not made.
#[derive(Debug, thiserror::Error)]
pub enum CallRefused {
    /// There is no such adapter; the names that there are.
    #[error("there is no such adapter")]
    NoAdapter(Vec<String>),
    /// It has no such action, or none that is called by default; the names that it has.
    #[error("the adapter has no such action")]
    NoAction(Vec<String>),
    /// The catalog takes no workflow that makes it.
    #[error("it cannot be called so: {0}")]
    Unfit(String),
    /// It cannot be started.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// For the moment nothing can be done.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Runtime {
    /// Calls an action of an adapter once, as an instance of one step: under its limits, breaker and switches, with a
    /// person asked first where policies say so. It is not tried again, and no dead letter is kept of it. It stands in the audit.
    /// Answers when it is started; with `over`, when it ended or the wait is over.
    ///
    /// # Errors
    /// See [`CallRefused`]. Where only the audit could not be written, it is made all the same.
    pub async fn call_adapter(
        &self,
        order: CallOrder,
        over: Option<impl Future<Output = ()>>,
    ) -> Result<Submitted, CallRefused> {
        let CallOrder {
            adapter,
            action,
            input,
            correlation_id,
            idempotency,
            actor,
            reason,
        } = order;
        let catalog = self.catalog();
        let spec = catalog.adapters.get(&adapter).ok_or_else(|| {
            let names = catalog.adapters.keys().cloned();
            CallRefused::NoAdapter(names.collect())
        })?;
        check_action(spec, &action)?;
        let one = OneStep::once(&catalog, &adapter, &action);
        match self.have_one_step(&one, &actor).await {
            Ok(()) => {}
            Err(ApplyError::Unavailable(outage)) => return Err(outage.into()),
            Err(ApplyError::Refused(told)) => return Err(CallRefused::Unfit(told)),
        }
        let submit = Submit {
            workflow: one.name,
            version: ONE_STEP_VERSION.parse().ok(),
            input,
            correlation_id,
            idempotency,
            actor: actor.clone(),
            cause: "api".to_owned(),
            ..Submit::default()
        };
        let mut started = self.submit(submit).await?;
        if !started.replayed {
            let what = match action.as_str() {
                "" => adapter,
                action => format!("{adapter}/{action}"),
            };
            let act = SystemAct::Called(started.id);
            note_act(&self.shared, &actor, &format!("{what}: {reason}"), act).await?;
        }
        if let Some(over) = over {
            let seen = tokio::select! {
                biased;
                ended = self.end_of(started.id) => ended,
                () = over => self.instance(started.id).await,
            };
            if let Ok(instance) = seen {
                started.instance = instance;
            }
        }
        Ok(started)
    }
}

fn check_action(spec: &AdapterSpec, action: &str) -> Result<(), CallRefused> {
    let named = Some(action).filter(|action| !action.is_empty());
    let any = spec.actions.is_empty();
    let known = match named.or(spec.default_action.as_deref()) {
        Some(action) => any || spec.actions.contains_key(action),
        None => any,
    };
    let names = || spec.actions.keys().cloned().collect();
    known
        .then_some(())
        .ok_or_else(|| CallRefused::NoAction(names()))
}
