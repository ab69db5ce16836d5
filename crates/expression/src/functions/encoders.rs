//! `base64.encode` and `base64.decode`.

use super::{Function, global};
use crate::EvalError;
use crate::evaluate::{Budget, Evaluated, wrong_type};
use crate::value::Value;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Writes padding, reads text with or without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) const FUNCTIONS: &[Function] = &[
    global("base64.encode", 1, 1, encode),
    global("base64.decode", 1, 1, decode),
];

fn encode<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let bytes = match &arguments[0] {
        Value::Bytes(bytes) => &**bytes,
        Value::String(text) => text.as_bytes(),
        _ => return Err(wrong_type("base64.encode", arguments)),
    };
    budget.spend_text(bytes.len())?;
    Ok(Value::text(BASE64.encode(bytes)))
}

fn decode<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let Value::String(text) = &arguments[0] else {
        return Err(wrong_type("base64.decode", arguments));
    };
    budget.spend_text(text.len())?;
    let bytes = BASE64
        .decode(text.as_bytes())
        .map_err(|_| EvalError::other("this text is not base64"))?;
    Ok(Value::Bytes(bytes.into()))
}
