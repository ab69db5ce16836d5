//! Where a value comes from: the first layer that has it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::str::FromStr;

use super::concealed::Concealed;
use super::file::{File, FileError};
use crate::callers::TokenSettings;

/// Values given on the command line, by key (`listen`, `log-level`); `config` names the file.
pub type Flags = BTreeMap<&'static str, String>;

/// A setting as it is shown: the key, the value, where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The key, as in the file.
    pub key: String,
    /// The value.
    pub value: String,
    /// `flag --listen`, `variable ORCHESTRATOR_LISTEN`, `file PATH` or `default`.
    pub origin: String,
}

/// Why the settings do not hold.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A value does not fit.
    #[error("setting `{key}` ({origin}): {reason}")]
    Value {
        /// The key.
        key: String,
        /// Where the value comes from.
        origin: String,
        /// What was expected.
        reason: String,
    },
    /// Others could reach the server and do everything.
    #[error(
        "expected tokens, since others can reach {0}, but none are configured: everybody could do everything"
    )]
    OpenToAll(SocketAddr),
}

impl SettingsError {
    pub(super) fn value(key: &str, reason: impl Into<String>) -> Self {
        let (key, reason) = (key.to_owned(), reason.into());
        Self::Value {
            key,
            origin: "as a whole".to_owned(),
            reason,
        }
    }
}

/// The layers, and what was taken from them so far.
pub(super) struct Layers<'a> {
    flags: Flags,
    variable: &'a dyn Fn(&str) -> Option<String>,
    file: File,
    shown: Vec<Shown>,
}

impl<'a> Layers<'a> {
    pub(super) fn read(
        flags: Flags,
        variable: &'a dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let path = flags
            .get("config")
            .cloned()
            .or_else(|| variable("ORCHESTRATOR_CONFIG"));
        let file = path.map(File::read).transpose()?.unwrap_or_default();
        Ok(Self {
            flags,
            variable,
            file,
            shown: Vec::new(),
        })
    }

    /// A value that has a default.
    pub(super) fn value<T>(&mut self, key: &str, default: &str) -> Result<T, SettingsError>
    where
        T: FromStr<Err: Display>,
    {
        let found = self.find(key);
        let (text, origin) = found.unwrap_or_else(|| (default.to_owned(), "default".to_owned()));
        self.parse(key, text, origin)
    }

    /// A value that may be absent.
    pub(super) fn optional<T>(&mut self, key: &str) -> Result<Option<T>, SettingsError>
    where
        T: FromStr<Err: Display>,
    {
        match self.find(key) {
            Some((text, origin)) => self.parse(key, text, origin).map(Some),
            None => Ok(None),
        }
    }

    /// A secret value that may be absent, shown as `shown` has it.
    pub(super) fn concealed(
        &mut self,
        key: &str,
        shown: impl FnOnce(&str) -> String,
    ) -> Result<Option<Concealed>, SettingsError> {
        let Some((text, origin)) = self.find(key) else {
            return Ok(None);
        };
        if text.is_empty() {
            let reason = "expected a value, but it is empty".to_owned();
            let key = key.to_owned();
            return Err(SettingsError::Value {
                key,
                origin,
                reason,
            });
        }
        self.show(key, &shown(&text), origin);
        Ok(Some(Concealed::new(text)))
    }

    /// A list: of the file, or of a variable with commas.
    pub(super) fn list<T>(&mut self, key: &str) -> Result<Vec<T>, SettingsError>
    where
        T: FromStr<Err: Display>,
    {
        let variable = variable_of(key);
        let (items, origin) = match (self.variable)(&variable) {
            Some(text) => (
                text.split(',').map(|i| i.trim().to_owned()).collect(),
                format!("variable {variable}"),
            ),
            None => (self.file.list(key), self.file.origin()),
        };
        items
            .into_iter()
            .map(|item| self.parse(key, item, origin.clone()))
            .collect()
    }

    /// The callers; they stand in the file only, so that no hash shows in a list of processes.
    pub(super) fn tokens(&mut self) -> Vec<TokenSettings> {
        let tokens = self.file.tokens.clone();
        for token in &tokens {
            let value = format!("{} ({})", token.user, token.roles.join(", "));
            self.show("tokens", &value, self.file.origin());
        }
        tokens
    }

    pub(super) fn into_shown(self) -> Vec<Shown> {
        self.shown
    }

    fn find(&self, key: &str) -> Option<(String, String)> {
        if let Some(text) = self.flags.get(key) {
            return Some((text.clone(), format!("flag --{key}")));
        }
        let variable = variable_of(key);
        if let Some(text) = (self.variable)(&variable) {
            return Some((text, format!("variable {variable}")));
        }
        self.file.scalar(key).map(|text| (text, self.file.origin()))
    }

    fn parse<T>(&mut self, key: &str, text: String, origin: String) -> Result<T, SettingsError>
    where
        T: FromStr<Err: Display>,
    {
        match text.parse() {
            Ok(value) => {
                self.show(key, &text, origin);
                Ok(value)
            }
            Err(error) => {
                let reason = format!("{error} (the value is {text:?})");
                Err(SettingsError::Value {
                    key: key.to_owned(),
                    origin,
                    reason,
                })
            }
        }
    }

    fn show(&mut self, key: &str, value: &str, origin: String) {
        self.shown.push(Shown {
            key: key.to_owned(),
            value: value.to_owned(),
            origin,
        });
    }
}

/// `log-level` is `ORCHESTRATOR_LOG_LEVEL`.
fn variable_of(key: &str) -> String {
    let name: String = key
        .chars()
        .map(|c| {
            if matches!(c, '-' | '.') {
                '_'
            } else {
                c.to_ascii_uppercase()
            }
        })
        .collect();
    format!("ORCHESTRATOR_{name}")
}
