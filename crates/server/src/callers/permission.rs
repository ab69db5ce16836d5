//! What a caller may do.
//!
//! | role | permissions |
//! | --- | --- |
//! | `viewer` | `read` |
//! | `operator` | `read`, `submit`, `operate`, `decide` |
//! | `admin` | all |
//!
//! A permission's own name is a role as well. Any other role is a group, for decisions to name.

/// Something that a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Look at instances, definitions, decisions.
    Read,
    /// Start workflows, also by webhook.
    Submit,
    /// Send signals to instances, pause, resume, cancel and delete them.
    Operate,
    /// Answer decisions.
    Decide,
    /// Change definitions, adapters, policies.
    Apply,
    /// See who did what.
    Audit,
    /// Back the store up, let it go on after a restore.
    System,
}

impl Permission {
    const ALL: [Self; 7] = [
        Self::Read,
        Self::Submit,
        Self::Operate,
        Self::Decide,
        Self::Apply,
        Self::Audit,
        Self::System,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Submit => "submit",
            Self::Operate => "operate",
            Self::Decide => "decide",
            Self::Apply => "apply",
            Self::Audit => "audit",
            Self::System => "system",
        }
    }

    /// What these roles permit.
    pub fn of_roles(roles: &[String]) -> Vec<Self> {
        let permits = |permission: &Self| roles.iter().any(|role| permission.is_in(role));
        Self::ALL.into_iter().filter(permits).collect()
    }

    fn is_in(self, role: &str) -> bool {
        match role {
            "admin" => true,
            "operator" => {
                matches!(
                    self,
                    Self::Read | Self::Submit | Self::Operate | Self::Decide
                )
            }
            "viewer" => self == Self::Read,
            name => name == self.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(roles: &[&str], expected: &[&str]) {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        let names: Vec<&str> = Permission::of_roles(&roles)
            .iter()
            .map(|p| p.name())
            .collect();
        assert_eq!(names, expected, "{roles:?}");
    }

    #[test]
    fn roles_are_sets_of_permissions() {
        check(&[], &[]);
        check(&["finance"], &[]);
        check(&["viewer"], &["read"]);
        check(
            &["operator", "finance"],
            &["read", "submit", "operate", "decide"],
        );
        check(&["viewer", "apply"], &["read", "apply"]);
        check(
            &["admin"],
            &[
                "read", "submit", "operate", "decide", "apply", "audit", "system",
            ],
        );
    }
}
