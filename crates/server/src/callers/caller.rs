//! A known caller.

use std::sync::Arc;

use api::Code;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::permission::Permission;
use crate::door::Refusal;

/// Who sends a request. Never taken from a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user's name, as commands record it.
    pub user: Arc<str>,
    /// What the user may do.
    pub permissions: Arc<[Permission]>,
    /// Roles and groups, for decisions to name.
    pub roles: Arc<[String]>,
}

impl Caller {
    /// A caller with these roles.
    pub fn new(user: &str, roles: &[String]) -> Self {
        Self {
            user: user.into(),
            permissions: Permission::of_roles(roles).into(),
            roles: roles.into(),
        }
    }

    /// By what the caller may answer decisions.
    pub fn authority(&self) -> engine::Authority {
        engine::Authority::Caller {
            may_decide: self.permissions.contains(&Permission::Decide),
            roles: self.roles.to_vec(),
        }
    }

    /// Refuses unless the caller has the permission.
    ///
    /// # Errors
    /// When it has not.
    pub fn may(&self, permission: Permission) -> Result<&str, Refusal> {
        if self.permissions.contains(&permission) {
            return Ok(&self.user);
        }
        let (user, name) = (&self.user, permission.name());
        let detail =
            format!("expected a caller with the permission `{name}`, but {user} has it not");
        Err(Refusal::new(Code::NOT_ALLOWED, detail))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let unknown = || Refusal::new(Code::NO_TOKEN, "the request has no caller");
        parts.extensions.get::<Self>().cloned().ok_or_else(unknown)
    }
}
