//! Signatures against vectors that were made by other programs: those that Standard Webhooks and GitHub publish, the
//! others by Python's `hmac`.

use definition::SignatureScheme;
use serde_json::json;
use webhook::{Key, VerifyError, event_id, event_type, sign, verify};

/// When the vectors were signed, in seconds.
const SIGNED_S: i64 = 1_614_265_330;
const NOW_MS: i64 = SIGNED_S * 1_000;

const STANDARD: SignatureScheme = SignatureScheme::StandardWebhooks {
    tolerance_ms: 300_000,
};
const STRIPE: SignatureScheme = SignatureScheme::Stripe {
    tolerance_ms: 300_000,
};
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECOND: &str = "whsec_YW5vdGhlci1rZXktb2YtMjQtYnl0ZXMh";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const BY_FIRST: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const BY_SECOND: &str = "v1,zSDW5+Zsg75YxJCSWX6b3bl759yLTsfquhAfaIBxfFU=";

fn check(
    scheme: &SignatureScheme,
    secrets: &[&str],
    headers: &[(&str, &str)],
    body: &[u8],
    now_ms: i64,
) -> Result<(), VerifyError> {
    let keys = secrets.iter().map(|secret| Key::new(scheme, secret));
    let keys: Vec<Key> = keys.collect::<Result<_, _>>().expect("keys");
    verify(scheme, &keys, &found(headers), body, now_ms)
}

/// The headers of a request, whose names have no case.
fn found<'a>(headers: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<&'a str> + 'a {
    move |name| {
        let own = headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        own.map(|(_, value)| *value)
    }
}

fn standard<'a>(time: &'a str, signature: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("Webhook-Id", ID),
        ("Webhook-Timestamp", time),
        ("Webhook-Signature", signature),
    ]
}

#[test]
fn the_published_vector_of_standard_webhooks() {
    let headers = standard("1614265330", BY_FIRST);
    assert_eq!(check(&STANDARD, &[SECRET], &headers, BODY, NOW_MS), Ok(()));
    let bare = SECRET.trim_start_matches("whsec_");
    assert_eq!(check(&STANDARD, &[bare], &headers, BODY, NOW_MS), Ok(()));
    let changed = br#"{"test": 2432232315}"#;
    let refused = check(&STANDARD, &[SECRET], &headers, changed, NOW_MS);
    assert_eq!(refused, Err(VerifyError::NoMatch));
    let mut other_id = headers;
    other_id[0].1 = "msg_other";
    let refused = check(&STANDARD, &[SECRET], &other_id, BODY, NOW_MS);
    assert_eq!(refused, Err(VerifyError::NoMatch));
    let later = standard("1614265331", BY_FIRST);
    let refused = check(&STANDARD, &[SECRET], &later, BODY, NOW_MS);
    assert_eq!(refused, Err(VerifyError::NoMatch));
}

#[test]
fn a_key_can_be_changed_without_a_gap() {
    let both = format!("v1a,AAAA {BY_SECOND} {BY_FIRST}");
    for secrets in [&[SECRET][..], &[SECOND], &[SECOND, SECRET]] {
        let headers = standard("1614265330", &both);
        assert_eq!(check(&STANDARD, secrets, &headers, BODY, NOW_MS), Ok(()));
    }
    let headers = standard("1614265330", BY_SECOND);
    assert_eq!(
        check(&STANDARD, &[SECRET, SECOND], &headers, BODY, NOW_MS),
        Ok(())
    );
    let refused = check(&STANDARD, &[SECRET], &headers, BODY, NOW_MS);
    assert_eq!(refused, Err(VerifyError::NoMatch));
}

#[test]
fn what_is_signed_is_what_others_sign() {
    let keys = [SECRET, SECOND].map(|secret| Key::standard(secret).expect("a key"));
    assert_eq!(sign(&keys[..1], ID, SIGNED_S, BODY), BY_FIRST);
    assert_eq!(
        sign(&keys, ID, SIGNED_S, BODY),
        format!("{BY_FIRST} {BY_SECOND}")
    );
}

#[test]
fn the_time_of_signing_lies_near_now() {
    let headers = standard("1614265330", BY_FIRST);
    let at = |now_ms| check(&STANDARD, &[SECRET], &headers, BODY, now_ms);
    assert_eq!(at(NOW_MS + 300_000), Ok(()));
    assert_eq!(at(NOW_MS - 300_000), Ok(()));
    let (by_s, tolerance_s) = (301, 300);
    assert_eq!(
        at(NOW_MS + 301_000),
        Err(VerifyError::TooOld { by_s, tolerance_s })
    );
    assert_eq!(
        at(NOW_MS - 301_000),
        Err(VerifyError::TooNew { by_s, tolerance_s })
    );
    for time in ["soon", "-1", "1614265330.5", "9223372036854775807"] {
        let refused = check(
            &STANDARD,
            &[SECRET],
            &standard(time, BY_FIRST),
            BODY,
            NOW_MS,
        );
        let said = refused.expect_err(time).to_string();
        assert_eq!(
            said,
            "expected a time in seconds since 1970 in the header `webhook-timestamp`"
        );
    }
}

#[test]
fn headers_that_are_missing_or_no_signature() {
    let headers = standard("1614265330", BY_FIRST);
    for without in 0..3 {
        let mut left = headers.to_vec();
        let (name, _) = left.remove(without);
        let refused = check(&STANDARD, &[SECRET], &left, BODY, NOW_MS);
        assert_eq!(
            refused,
            Err(VerifyError::MissingHeader(name.to_lowercase()))
        );
    }
    for signature in [
        "x",
        "v1,",
        "v1,%%%",
        "v1,AAAA",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ] {
        let refused = check(
            &STANDARD,
            &[SECRET],
            &standard("1614265330", signature),
            BODY,
            NOW_MS,
        );
        assert!(
            matches!(&refused, Err(VerifyError::BadHeader { header, .. }) if header == "webhook-signature"),
            "{signature}: {refused:?}"
        );
    }
}

#[test]
fn secrets_that_are_none() {
    for secret in ["whsec_", "", "whsec_not base64", "hunter2!"] {
        assert!(Key::new(&STANDARD, secret).is_err(), "{secret}");
    }
    assert_eq!(
        format!("{:?}", Key::standard(SECRET).expect("a key")),
        "Key"
    );
}

#[test]
fn the_published_vector_of_github() {
    let secret = ["It's a Secret to Everybody"];
    let good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let at = |value, body: &[u8]| {
        let headers = [("X-Hub-Signature-256", value)];
        check(&SignatureScheme::Github, &secret, &headers, body, NOW_MS)
    };
    assert_eq!(at(good, b"Hello, World!"), Ok(()));
    assert_eq!(at(good, b"Hello, World?"), Err(VerifyError::NoMatch));
    let upper = good.to_uppercase().replace("SHA256", "sha256");
    assert_eq!(at(&upper, b"Hello, World!"), Ok(()));
    for bad in [&good[7..], "sha256=757107", "sha1=757107ea"] {
        let refused = at(bad, b"Hello, World!");
        assert!(
            matches!(refused, Err(VerifyError::BadHeader { .. })),
            "{bad}: {refused:?}"
        );
    }
    let refused = check(&SignatureScheme::Github, &secret, &[], b"", NOW_MS);
    assert_eq!(
        refused,
        Err(VerifyError::MissingHeader("x-hub-signature-256".to_owned()))
    );
}

#[test]
fn stripe_signs_the_time_too() {
    let body = br#"{"id":"evt_1","type":"charge.succeeded"}"#;
    let good = "a77f58ed88dac6c2cb9d24f149d7424c41f234b3beb04e25d9492b330816350e";
    let wrong = "b".repeat(64);
    let at = |value: &str, now_ms| {
        let headers = [("Stripe-Signature", value)];
        check(&STRIPE, &["whsec_test_secret"], &headers, body, now_ms)
    };
    for value in [
        format!("t=1614265330,v1={good}"),
        format!("t=1614265330,v1={wrong},v1={good},v0={wrong}"),
        format!("v1={good}, t=1614265330"),
    ] {
        assert_eq!(at(&value, NOW_MS), Ok(()), "{value}");
        assert!(matches!(
            at(&value, NOW_MS + 301_000),
            Err(VerifyError::TooOld { .. })
        ));
    }
    assert_eq!(
        at(&format!("t=1614265331,v1={good}"), NOW_MS),
        Err(VerifyError::NoMatch)
    );
    for value in [
        format!("v1={good}"),
        "t=1614265330".to_owned(),
        format!("t=1614265330,v0={good}"),
    ] {
        assert!(
            matches!(at(&value, NOW_MS), Err(VerifyError::BadHeader { .. })),
            "{value}"
        );
    }
}

#[test]
fn any_other_hmac() {
    let scheme = |timestamp| SignatureScheme::Hmac {
        header: "X-Signature".to_owned(),
        timestamp,
    };
    let at = |value, now_ms| {
        let headers = [("x-signature", value)];
        check(&scheme(None), &["own key"], &headers, b"plain body", now_ms)
    };
    for value in [
        "7c100c0643295bb4ee3157880847ac838dc75db275db93403772207e07d327a7",
        "sha256=7c100c0643295bb4ee3157880847ac838dc75db275db93403772207e07d327a7",
        "fBAMBkMpW7TuMVeICEesg43HXbJ125NAN3IgfgfTJ6c=",
        "sha256=fBAMBkMpW7TuMVeICEesg43HXbJ125NAN3IgfgfTJ6c",
    ] {
        // Without a time it never gets old.
        assert_eq!(at(value, 0), Ok(()), "{value}");
    }
    let timed = scheme(Some(("X-Time".to_owned(), 10_000)));
    let signature = "569b7a63899758c5ac3fcd133cc4aabd56a35d5aa19287c2856d5bb1fe4c299d";
    let headers = [("X-Signature", signature), ("X-Time", "1614265330")];
    let at = |headers: &[(&str, &str)], now_ms| {
        check(&timed, &["own key"], headers, b"plain body", now_ms)
    };
    assert_eq!(at(&headers, NOW_MS), Ok(()));
    assert!(matches!(
        at(&headers, NOW_MS + 11_000),
        Err(VerifyError::TooOld { .. })
    ));
    assert_eq!(
        at(&headers[..1], NOW_MS),
        Err(VerifyError::MissingHeader("X-Time".to_owned()))
    );
}

#[test]
fn the_schemes_know_id_and_type() {
    let github = [
        ("X-GitHub-Delivery", "72d3162e"),
        ("X-GitHub-Event", "push"),
    ];
    let scheme = SignatureScheme::Github;
    assert_eq!(
        event_id(&scheme, &found(&github), &json!({})).as_deref(),
        Some("72d3162e")
    );
    assert_eq!(
        event_type(&scheme, &found(&github), &json!({})).as_deref(),
        Some("github.push")
    );
    let body = json!({ "id": "evt_1", "type": "charge.succeeded" });
    assert_eq!(
        event_id(&STRIPE, &found(&[]), &body).as_deref(),
        Some("evt_1")
    );
    assert_eq!(
        event_type(&STRIPE, &found(&[]), &body).as_deref(),
        Some("stripe.charge.succeeded")
    );
    let headers = standard("1", "x");
    assert_eq!(
        event_id(&STANDARD, &found(&headers), &body).as_deref(),
        Some(ID)
    );
    assert_eq!(event_type(&STANDARD, &found(&headers), &body), None);
    let odd = [("X-GitHub-Event", "a b"), ("X-GitHub-Delivery", " ")];
    assert_eq!(event_type(&scheme, &found(&odd), &json!({})), None);
    assert_eq!(event_id(&scheme, &found(&odd), &json!({})), None);
}
