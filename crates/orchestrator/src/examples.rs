//! The examples, as `dev` applies them.

/// An example's file: its name in the repository, and its text.
pub struct Example {
    /// The path below the repository.
    pub name: &'static str,
    /// YAML.
    pub text: &'static str,
}

macro_rules! examples {
    ($($path:literal)*) => {
        /// The files of the examples that run as they are.
        pub const EXAMPLES: &[Example] = &[$(Example {
            name: concat!("examples/", $path),
            text: include_str!(concat!("../../../examples/", $path)),
        }),*];
    };
}

examples! {
    "customer-onboarding/adapters.yaml"
    "customer-onboarding/workflow.yaml"
    "order-fulfilment/adapters.yaml"
    "order-fulfilment/order-shipping.yaml"
    "order-fulfilment/order-fulfilment.yaml"
}
