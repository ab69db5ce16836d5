//! Where `secrets.*` come from: variables, and files of a folder.

use std::path::PathBuf;
use std::sync::Arc;

use adapter::{Secret, SecretError, Secrets};

/// Gives a variable's value.
type Variable = dyn Fn(&str) -> Option<String> + Send + Sync;

/// `secrets.billing-token` is `ORCHESTRATOR_SECRET_BILLING_TOKEN`, else the file `billing-token`
/// of the folder. Asked at each call, so that a rotated file holds at once.
#[derive(Clone)]
pub struct SecretSources {
    variable: Arc<Variable>,
    dir: Option<PathBuf>,
}

impl SecretSources {
    /// The process's variables, and this folder.
    pub fn of_process(dir: Option<PathBuf>) -> Self {
        Self::new(|name| std::env::var(name).ok(), dir)
    }

    /// These variables, and this folder.
    pub fn new(
        variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        dir: Option<PathBuf>,
    ) -> Self {
        Self {
            variable: Arc::new(variable),
            dir,
        }
    }
}

impl Secrets for SecretSources {
    fn resolve(&self, name: &str) -> Result<Secret, SecretError> {
        let missing = || SecretError::Missing(name.to_owned());
        // The name goes into a path: only what the language takes as a name.
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(fits) {
            return Err(missing());
        }
        let variable = name.to_ascii_uppercase().replace('-', "_");
        if let Some(value) = (self.variable)(&format!("ORCHESTRATOR_SECRET_{variable}")) {
            return Ok(Secret::new(value));
        }
        let path = self.dir.as_ref().ok_or_else(missing)?.join(name);
        match std::fs::read_to_string(&path) {
            // Editors end a file with a line break that is no part of the secret.
            Ok(text) => Ok(Secret::new(text.trim_end_matches(['\r', '\n']))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(missing()),
            Err(error) => Err(SecretError::Unavailable {
                name: name.to_owned(),
                reason: error.to_string(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_goes_before_the_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("crm"), "from-file\n").unwrap();
        std::fs::write(dir.path().join("billing-token"), "from-file").unwrap();
        let variable = |name: &str| {
            (name == "ORCHESTRATOR_SECRET_BILLING_TOKEN").then(|| "from-variable".to_owned())
        };
        let sources = SecretSources::new(variable, Some(dir.path().to_owned()));
        let check = |name: &str, expected: Option<&str>| {
            let found = sources.resolve(name).ok();
            assert_eq!(found.as_ref().map(Secret::expose), expected, "{name}");
        };
        check("billing-token", Some("from-variable"));
        check("crm", Some("from-file"));
        check("nope", None);
        check("../crm", None);
    }
}
