//! The examples' adapters point at the playground's default ports.

use std::path::Path;

use playground::DEFAULT_FIRST_PORT;

/// The service that has each default port after the index's.
const IN_ORDER: [&str; 7] = [
    "crm",
    "billing",
    "email",
    "chat",
    "stock",
    "carrier-swift",
    "carrier-steady",
];

fn check(example: &str, expected: &[(&str, &str)]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(example)
        .join("adapters.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    let values = |key: &'static str| {
        text.lines()
            .filter_map(move |line| line.trim().strip_prefix(key))
    };
    let pairs: Vec<(&str, String)> = values("- name: ")
        .zip(values("url: ").map(ToOwned::to_owned))
        .collect();
    let expected: Vec<(&str, String)> = expected
        .iter()
        .map(|(adapter, service)| (*adapter, url(service)))
        .collect();
    assert_eq!(pairs, expected, "{example}");
}

fn url(service: &str) -> String {
    let place = IN_ORDER.iter().position(|name| *name == service).unwrap();
    format!(
        "http://127.0.0.1:{}",
        usize::from(DEFAULT_FIRST_PORT) + 1 + place
    )
}

#[test]
fn adapters_find_their_services() {
    check(
        "customer-onboarding",
        &[
            ("data-validation", "crm"),
            ("billing-system", "billing"),
            ("email-service", "email"),
            ("slack-adapter", "chat"),
        ],
    );
    check(
        "order-fulfilment",
        &[
            ("warehouse", "stock"),
            ("carrier-swift", "carrier-swift"),
            ("carrier-steady", "carrier-steady"),
            ("order-mail", "email"),
            ("order-chat", "chat"),
        ],
    );
}
