//! Which bucket, under which prefix, with which keys.

use rusty_s3::{Bucket, Credentials, UrlStyle};
use url::Url;

pub(super) struct Target {
    pub(super) bucket: Bucket,
    /// Empty, or ends in a slash.
    pub(super) prefix: String,
    pub(super) keys: Credentials,
}

impl Target {
    /// Reads `s3://bucket/prefix?endpoint=URL&region=NAME`. With an endpoint the bucket stands in
    /// the path, as the services that are not Amazon's have it.
    pub(super) fn read(
        url: &Url,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let name = url.host_str().filter(|name| !name.is_empty());
        let name = name.ok_or("expected a bucket behind s3://")?.to_owned();
        let (mut region, mut endpoint) = (None, None);
        for (key, value) in url.query_pairs() {
            match &*key {
                "region" => region = Some(value.into_owned()),
                "endpoint" => endpoint = Some(value.into_owned()),
                other => {
                    return Err(format!(
                        "expected `endpoint` and `region`, but not `{other}`"
                    ));
                }
            }
        }
        let region = region.or_else(|| variable("AWS_REGION"));
        let region = region.ok_or("expected `region`, or AWS_REGION in the environment")?;
        let (endpoint, style) = match endpoint {
            Some(endpoint) => (endpoint, UrlStyle::Path),
            None => (
                format!("https://s3.{region}.amazonaws.com"),
                UrlStyle::VirtualHost,
            ),
        };
        let endpoint: Url = endpoint
            .parse()
            .map_err(|error| format!("endpoint {endpoint}: {error}"))?;
        let bucket = Bucket::new(endpoint, style, name, region).map_err(|e| e.to_string())?;
        Ok(Self {
            bucket,
            prefix: prefix(url.path()),
            keys: keys(variable)?,
        })
    }
}

fn prefix(path: &str) -> String {
    match path.trim_matches('/') {
        "" => String::new(),
        path => format!("{path}/"),
    }
}

fn keys(variable: impl Fn(&str) -> Option<String>) -> Result<Credentials, String> {
    let needed = |name: &str| {
        let value = variable(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| format!("expected {name} in the environment"))
    };
    let (key, secret) = (
        needed("AWS_ACCESS_KEY_ID")?,
        needed("AWS_SECRET_ACCESS_KEY")?,
    );
    Ok(match variable("AWS_SESSION_TOKEN") {
        Some(token) => Credentials::new_with_token(key, secret, token),
        None => Credentials::new(key, secret),
    })
}
