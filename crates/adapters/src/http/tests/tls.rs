use std::sync::Arc;

use adapter::{Effect, StaticSecrets};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::{build_in, call, context_with, failure, output};

/// An authority made for one test.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        Self {
            certificate,
            issuer,
        }
    }

    fn issue(&self, name: &str) -> (Certificate, KeyPair) {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// A service on `localhost` that takes only clients with a certificate of the authority; it says who
/// connected, or ends with the test.
async fn locked(authority: &Authority) -> (String, JoinHandle<()>) {
    let (certificate, key) = authority.issue("localhost");
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.der().clone()).unwrap();
    let clients = WebPkiClientVerifier::builder(Arc::new(roots));
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let task = tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            let Ok(mut connection) = acceptor.accept(connection).await else {
                continue;
            };
            let mut request = [0; 4096];
            assert!(connection.read(&mut request).await.unwrap() > 0);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ntrue";
            connection.write_all(answer).await.unwrap();
            connection.shutdown().await.unwrap();
        }
    });
    (url, task)
}

#[tokio::test]
async fn a_client_certificate_opens_the_door_and_none_does_not() {
    let authority = Authority::new();
    let (url, server) = locked(&authority).await;
    let stranger = Authority::new();
    for (issuer, trusted, opens) in [
        (&authority, &authority, true),
        (&stranger, &authority, false),
        (&authority, &stranger, false),
    ] {
        let (certificate, key) = issuer.issue("client");
        let secrets = StaticSecrets::new([
            ("cert", certificate.pem()),
            ("key", key.serialize_pem()),
            ("ca", trusted.certificate.pem()),
        ]);
        let settings = json!({"url": url, "auth": {"mtls": {
            "cert": "${ secrets.cert }", "key": "${ secrets.key }", "ca": "${ secrets.ca }",
        }}});
        let adapter = build_in(&settings, context_with(secrets));
        let outcome = adapter.call(call(None, &json!({}))).await;
        if opens {
            assert_eq!(output(&outcome), json!(true));
        } else {
            assert!(failure(&outcome).retryable, "{outcome:?}");
        }
    }
    server.abort();
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_called() {
    let (url, server) = locked(&Authority::new()).await;
    let adapter = super::build(&json!({ "url": url }));
    let outcome = adapter.call(call(None, &json!({}))).await;
    let failure = failure(&outcome);
    assert_eq!(
        (failure.error_type.as_str(), failure.effect),
        ("connect", Effect::None)
    );
    server.abort();
}
