//! What is needed when everything in the store moves from here or to here.

use async_trait::async_trait;
use bytes::Bytes;
use store::{Blob, BlobHash, Movable, StoreError};

use crate::PostgresStore;
use crate::connection::{Session, with_session};
use crate::failure::Trouble;
use crate::state;

/// Blobs read at once; each has at most about a megabyte.
const BLOBS: i64 = 16;

#[async_trait]
impl Movable for PostgresStore {
    async fn blobs(
        &self,
        after: Option<BlobHash>,
        limit_bytes: usize,
    ) -> Result<Vec<Blob>, StoreError> {
        let what = "reading blobs";
        with_session!(self.readers, what, |session| blobs(
            session,
            after,
            limit_bytes
        ))
    }

    async fn put_blobs(&self, blobs: Vec<Blob>) -> Result<(), StoreError> {
        let (what, blobs) = ("writing blobs", &blobs);
        with_session!(self.writers, what, |session| put_blobs(session, blobs))
    }

    async fn begin_incarnation(&self, incarnation: u32) -> Result<(), StoreError> {
        let what = "giving the store an incarnation";
        with_session!(self.writers, what, |session| begin(session, incarnation))
    }
}

async fn blobs(
    session: &Session,
    after: Option<BlobHash>,
    limit_bytes: usize,
) -> Result<Vec<Blob>, Trouble> {
    let sql = "SELECT hash, bytes FROM blob WHERE hash > $1 ORDER BY hash LIMIT $2";
    let statement = session.prepared(sql).await?;
    let after: &[u8] = after.as_ref().map_or(&[], |hash| &hash[..]);
    let rows = session.client.query(&statement, &[&after, &BLOBS]).await?;
    let mut read = 0;
    let mut found = vec![];
    for row in rows {
        if read > limit_bytes {
            break;
        }
        let hash = state::hash(row.get(0))?;
        let bytes = Bytes::copy_from_slice(row.get(1));
        read += bytes.len();
        found.push(Blob { hash, bytes });
    }
    Ok(found)
}

async fn put_blobs(session: &Session, blobs: &[Blob]) -> Result<(), Trouble> {
    let sql = "INSERT INTO blob (hash, bytes, named_in) SELECT b.hash, b.bytes, \
               coalesce((SELECT number FROM blob_round), 0) \
               FROM unnest($1::bytea[], $2::bytea[]) AS b(hash, bytes) \
               ON CONFLICT (hash) DO NOTHING";
    let statement = session.prepared(sql).await?;
    let hashes: Vec<&[u8]> = blobs.iter().map(|blob| &blob.hash[..]).collect();
    let bytes: Vec<&[u8]> = blobs.iter().map(|blob| &blob.bytes[..]).collect();
    session
        .client
        .execute(&statement, &[&hashes, &bytes])
        .await?;
    Ok(())
}

async fn begin(session: &Session, incarnation: u32) -> Result<(), Trouble> {
    let number = i32::try_from(incarnation).unwrap_or(i32::MAX);
    let sql = "UPDATE store SET incarnation = $1";
    session.client.execute(sql, &[&number]).await?;
    Ok(())
}
