//! An instance once more, as a new one.

use std::collections::BTreeMap;

use engine::{Id, Instance};

use super::Runtime;
use crate::error::{CommandError, SubmitError};
use crate::submit::{Idempotency, Submit, Submitted};

impl Runtime {
    /// Starts a new instance from the input of this one, on its version or another.
    ///
    /// # Errors
    /// When there is no such instance, or nothing can be started from it.
    pub async fn replay(
        &self,
        id: Id,
        version: Option<semver::Version>,
        idempotency: Option<Idempotency>,
        actor: &str,
    ) -> Result<Submitted, SubmitError> {
        let state = self.instance(id).await.map_err(|error| match error {
            CommandError::NotFound(id) => SubmitError::NoInstance(id),
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::Unavailable(outage) => outage.into(),
        })?;
        let submit = Submit {
            version: Some(version.unwrap_or_else(|| state.workflow().version.clone())),
            idempotency,
            actor: actor.to_owned(),
            cause: format!("replay:{id}"),
            ..again(&state)
        };
        self.submit(submit).await
    }
}

/// What the instance was started with; what its definition computes is computed anew.
fn again(state: &Instance) -> Submit {
    let (header, workflow) = (state.header(), state.workflow());
    let started = &header.started;
    let given = started.attributes.iter();
    let given = given.filter(|(name, _)| !workflow.attributes.contains_key(*name));
    let attributes: BTreeMap<String, String> = given
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let subject = match workflow.subject {
        Some(_) => String::new(),
        None => started.subject.clone(),
    };
    Submit {
        workflow: started.workflow.clone(),
        input: header.input(),
        event: started.event.clone(),
        meta: started.meta.clone(),
        correlation_id: started.correlation_id.clone(),
        priority: started.priority.clone(),
        subject,
        attributes,
        ..Submit::default()
    }
}
