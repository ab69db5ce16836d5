use super::Value;
use crate::{EvalError, time};

/// The text of a value as `string()` gives it.
pub(crate) fn text_of(value: &Value<'_>) -> Result<String, EvalError> {
    Ok(match value {
        Value::Bool(it) => it.to_string(),
        Value::Int(it) => it.to_string(),
        Value::Uint(it) => it.to_string(),
        Value::Double(it) => double_text(*it),
        Value::String(it) => (**it).to_owned(),
        Value::Bytes(it) => std::str::from_utf8(it)
            .map_err(|_| EvalError::other("these bytes are not a text in UTF-8"))?
            .to_owned(),
        Value::Timestamp(it) => it.to_string(),
        Value::Duration(it) => time::duration_text(*it),
        Value::Type(it) => (*it).to_owned(),
        _ => {
            let message = format!("{} has no text form", value.noun());
            return Err(EvalError::other(message));
        }
    })
}

/// The shortest text of a double; very large and very small ones with an exponent.
pub(crate) fn double_text(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        let text = if value > 0.0 { "Infinity" } else { "-Infinity" };
        text.to_owned()
    } else if size != 0.0 && !(1e-7..1e21).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}
