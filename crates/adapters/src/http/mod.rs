//! Services that speak HTTP.
//!
//! One attempt: [`request`] evaluates the settings for the call, [`targets`] names the endpoint,
//! [`auth`] signs, [`client`] sends through the address check of [`outbound`], [`outcome`] judges what
//! came back.

mod action;
mod auth;
mod client;
mod config;
mod connector;
mod exchange;
mod health;
mod oauth2;
mod outbound;
mod outcome;
mod path;
mod request;
mod signature;
mod standard;
mod targets;
mod values;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use adapter::{BuildContext, BuildError, Connector, Kind, SettingsError};
use serde_json::Value;

/// The kind `http`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Http;

impl Kind for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn check(&self, settings: &Value) -> Vec<SettingsError> {
        config::Config::read(settings).err().unwrap_or_default()
    }

    fn build(
        &self,
        name: &str,
        settings: &Value,
        context: BuildContext,
    ) -> Result<Arc<dyn Connector>, BuildError> {
        let config = config::Config::read(settings).map_err(|errors| BuildError::Settings {
            name: name.to_owned(),
            errors,
        })?;
        let connector = connector::HttpConnector::new(name, config, context);
        let connector = connector.map_err(|reason| BuildError::Client {
            name: name.to_owned(),
            reason,
        })?;
        Ok(Arc::new(connector))
    }
}
