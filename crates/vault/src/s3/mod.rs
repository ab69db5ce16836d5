//! A bucket of an S3 service, under a prefix.

mod answer;
mod target;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{RequestBuilder, Response};
use rusty_s3::S3Action;
use rusty_s3::actions::ListObjectsV2;
use url::Url;

use crate::{Object, Vault, VaultError};
use answer::{found, judge, unreachable};
use target::Target;

/// How long a signature holds; the request is sent at once.
const SIGNED_FOR: Duration = Duration::from_secs(300);
/// How long one request may take; objects are of bounded size.
const REQUEST: Duration = Duration::from_secs(120);
const CONNECT: Duration = Duration::from_secs(10);

pub(crate) struct S3Vault {
    address: String,
    target: Target,
    http: reqwest::Client,
}

impl S3Vault {
    pub(crate) fn new(
        address: &str,
        url: &Url,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, VaultError> {
        let target = Target::read(url, variable).map_err(|reason| VaultError::Address {
            address: address.to_owned(),
            reason,
        })?;
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let http = http.map_err(|error| unreachable(address, error))?;
        Ok(Self {
            address: address.to_owned(),
            target,
            http,
        })
    }

    async fn send(&self, request: RequestBuilder, name: &str) -> Result<Response, VaultError> {
        let place = self.place_of(name);
        let answer = request.send().await;
        answer.map_err(|error| unreachable(&place, error))
    }

    fn place_of(&self, name: &str) -> String {
        let Target { bucket, prefix, .. } = &self.target;
        format!("s3://{}/{prefix}{name}", bucket.name())
    }

    async fn page(
        &self,
        prefix: &str,
        after: Option<String>,
    ) -> Result<(Vec<Object>, Option<String>), VaultError> {
        let mut list = self.target.bucket.list_objects_v2(Some(&self.target.keys));
        list.with_prefix(format!("{}{prefix}", self.target.prefix));
        if let Some(after) = after {
            list.with_continuation_token(after);
        }
        let request = self.http.get(list.sign(SIGNED_FOR));
        let place = self.place_of(prefix);
        let answer = judge(&place, self.send(request, prefix).await?).await?;
        let text = answer.text().await;
        let text = text.map_err(|error| unreachable(&place, error))?;
        let page = ListObjectsV2::parse_response(&text);
        let page = page.map_err(|error| VaultError::Unavailable {
            place,
            reason: format!("the list of objects cannot be read: {error}"),
        })?;
        let object = |content: rusty_s3::actions::list_objects_v2::ListObjectsContent| {
            let name = content.key.strip_prefix(&self.target.prefix)?.to_owned();
            let bytes = content.size.unwrap_or(0);
            Some(Object { name, bytes })
        };
        let objects = page.contents.into_iter().filter_map(object).collect();
        Ok((objects, page.next_continuation_token))
    }
}

#[async_trait]
impl Vault for S3Vault {
    fn place(&self) -> &str {
        &self.address
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), VaultError> {
        let key = format!("{}{name}", self.target.prefix);
        let put = self.target.bucket.put_object(Some(&self.target.keys), &key);
        let request = self.http.put(put.sign(SIGNED_FOR));
        let request = request.header(reqwest::header::CONTENT_LENGTH, bytes.len());
        let answer = self.send(request.body(bytes), name).await?;
        judge(&self.place_of(name), answer).await.map(drop)
    }

    async fn get(&self, name: &str) -> Result<Option<Bytes>, VaultError> {
        let key = format!("{}{name}", self.target.prefix);
        let get = self.target.bucket.get_object(Some(&self.target.keys), &key);
        let answer = self.send(self.http.get(get.sign(SIGNED_FOR)), name).await?;
        let place = self.place_of(name);
        let Some(answer) = found(&place, answer).await? else {
            return Ok(None);
        };
        let bytes = answer.bytes().await;
        bytes.map(Some).map_err(|error| unreachable(&place, error))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Object>, VaultError> {
        let (mut all, mut after) = (vec![], None);
        loop {
            let (objects, next) = self.page(prefix, after).await?;
            all.extend(objects);
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        all.sort_unstable();
        Ok(all)
    }
}
