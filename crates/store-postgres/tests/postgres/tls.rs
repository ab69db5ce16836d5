//! Encrypted connections, and who is trusted.

use std::fs;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use store::StoreError;
use store_postgres::{PostgresConfig, PostgresStore};
use tempfile::TempDir;

use crate::server::{Reach, Server, Version};

/// An authority, in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("root.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn file(&self) -> String {
        self.folder.path().join("root.pem").display().to_string()
    }

    /// Gives a server a certificate for `localhost`.
    async fn certify(&self, server: &Server) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let data = server.data();
        fs::write(data.join("server.crt"), certificate.pem()).unwrap();
        fs::write(data.join("server.key"), key.serialize_pem()).unwrap();
        for command in [["chmod", "600"], ["chown", "--reference=postgresql.conf"]] {
            let [program, how] = command;
            Command::new(program)
                .current_dir(&data)
                .args([how, "server.key"])
                .output()
                .unwrap();
        }
        server.set("ssl", "on").await;
    }
}

fn config(server: &Server, host: &str, options: &str) -> PostgresConfig {
    PostgresConfig {
        url: format!(
            "postgres://postgres@{host}:{}/postgres?{options}",
            server.port
        ),
        readers: 1,
        ..server.config()
    }
}

async fn encrypted(server: &Server, config: PostgresConfig) -> bool {
    let store = PostgresStore::open(config).await.unwrap();
    store.ping().await.unwrap();
    let sql = "SELECT bool_or(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
               WHERE application_name = 'orchestrator'";
    server
        .client()
        .await
        .query_one(sql, &[])
        .await
        .unwrap()
        .get(0)
}

async fn refused(config: PostgresConfig, part: &str) {
    let refused = PostgresStore::open(config).await.err().expect("a refusal");
    assert!(matches!(refused, StoreError::Io { .. }), "{refused:?}");
    assert!(
        refused.to_string().contains(part),
        "expected `{part}` in `{refused}`"
    );
}

#[tokio::test]
async fn each_mode_asks_for_what_it_says() {
    let server = Server::start(Version::V15);
    refused(
        config(&server, "localhost", "sslmode=require"),
        "does not support TLS",
    )
    .await;
    assert!(!encrypted(&server, config(&server, "localhost", "sslmode=prefer")).await);
    let authority = Authority::new();
    authority.certify(&server).await;
    for options in ["", "sslmode=prefer", "sslmode=require"] {
        assert!(
            encrypted(&server, config(&server, "127.0.0.1", options)).await,
            "{options}"
        );
    }
    let full = |root: &str| format!("sslmode=verify-full&sslrootcert={root}");
    assert!(
        encrypted(
            &server,
            config(&server, "localhost", &full(&authority.file()))
        )
        .await
    );
    let wrong_host = config(&server, "127.0.0.1", &full(&authority.file()));
    refused(wrong_host, "certificate not valid for name").await;
    let other = Authority::new();
    refused(
        config(&server, "localhost", &full(&other.file())),
        "certificate",
    )
    .await;
    refused(
        config(&server, "localhost", "sslmode=verify-full"),
        "certificate",
    )
    .await;
    refused(
        config(&server, "localhost", &full("/nowhere.pem")),
        "/nowhere.pem",
    )
    .await;
}

#[tokio::test]
async fn a_server_that_wants_encryption_is_not_spoken_to_in_the_clear() {
    let server = Server::start(Version::V15);
    Authority::new().certify(&server).await;
    server.let_in(
        "hostssl all orc 127.0.0.1/32 scram-sha-256\nhostnossl all orc 127.0.0.1/32 reject",
    );
    let client = server.client().await;
    client
        .batch_execute("CREATE ROLE orc SUPERUSER LOGIN PASSWORD 'right'; SELECT pg_reload_conf()")
        .await
        .unwrap();
    let url = |options: &str| PostgresConfig {
        url: format!(
            "postgres://orc:right@127.0.0.1:{}/postgres?{options}",
            server.port
        ),
        ..server.config()
    };
    crate::server::eventually("the clear is refused", async || {
        PostgresStore::open(url("sslmode=disable")).await.is_err()
    })
    .await;
    refused(url("sslmode=disable"), "no encryption").await;
    // The password is bound to the channel.
    drop(
        PostgresStore::open(url("sslmode=require&channel_binding=require"))
            .await
            .unwrap(),
    );
}
