//! `text.format(list)`: `%s %d %f %e %b %o %x %X` with an optional precision.

use super::{Function, method};
use crate::EvalError;
use crate::evaluate::{Budget, Evaluated, wrong_type};
use crate::value::{List, Value, double_text, text_of};

/// The most digits behind the point that may be asked for.
const MAX_PRECISION: usize = 100;
/// How deep lists and maps are written by `%s`.
const MAX_NESTING: usize = 100;

pub(super) const FUNCTIONS: &[Function] = &[method("format", 2, 2, format_text)];

fn format_text<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(template), Value::List(values)] = arguments else {
        return Err(wrong_type("format", arguments));
    };
    let mut values = Values { values, next: 0 };
    let mut out = String::new();
    let mut rest: &str = template;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = clause(&rest[at + 1..], &mut values, &mut out, budget)?;
        budget.spend(1)?;
    }
    out.push_str(rest);
    budget.spend_text(out.len())?;
    Ok(Value::text(out))
}

struct Values<'v, 'a> {
    values: &'v List<'a>,
    next: usize,
}

impl<'a> Values<'_, 'a> {
    fn take(&mut self) -> Result<Value<'a>, EvalError> {
        let value = self.values.get(self.next);
        self.next += 1;
        value.ok_or_else(|| EvalError::other("`format` has fewer values than places"))
    }
}

/// Writes the clause behind a `%`; gives what follows it.
fn clause<'t>(
    text: &'t str,
    values: &mut Values<'_, '_>,
    out: &mut String,
    budget: &mut Budget,
) -> Result<&'t str, EvalError> {
    let (precision, text) = precision(text)?;
    let Some(verb) = text.chars().next() else {
        return Err(EvalError::other("a `%` ends the format"));
    };
    let rest = &text[verb.len_utf8()..];
    if verb == '%' {
        out.push('%');
        return Ok(rest);
    }
    let value = values.take()?;
    match verb {
        's' => write_any(&value, 0, out, budget)?,
        'd' => out.push_str(&decimal(&value)?),
        'f' => out.push_str(&fixed(&value, precision)?),
        'e' => out.push_str(&scientific(&value, precision)?),
        'b' | 'o' | 'x' | 'X' => out.push_str(&radix(&value, verb)?),
        _ => {
            return Err(EvalError::other(format!(
                "`%{verb}` is not a form of `format`"
            )));
        }
    }
    Ok(rest)
}

fn precision(text: &str) -> Result<(usize, &str), EvalError> {
    let Some(digits) = text.strip_prefix('.') else {
        return Ok((6, text));
    };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let precision = digits[..length]
        .parse()
        .ok()
        .filter(|it| *it <= MAX_PRECISION);
    let precision = precision.ok_or_else(|| {
        EvalError::other(format!("expected a precision of at most {MAX_PRECISION}"))
    })?;
    Ok((precision, &digits[length..]))
}

fn write_any(
    value: &Value<'_>,
    depth: usize,
    out: &mut String,
    budget: &mut Budget,
) -> Result<(), EvalError> {
    budget.spend(1)?;
    if depth > MAX_NESTING {
        return Err(EvalError::other("this value is nested too deeply"));
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_any(&item, depth + 1, out, budget)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map.entries() {
                entries.push((text_of(&key.value())?, value));
            }
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                let separator = if index > 0 { ", " } else { "" };
                out.push_str(&format!("{separator}{key}: "));
                write_any(value, depth + 1, out, budget)?;
            }
            out.push('}');
        }
        _ => {
            let text = text_of(value)?;
            budget.spend_text(text.len())?;
            out.push_str(&text);
        }
    }
    Ok(())
}

fn decimal(value: &Value<'_>) -> Result<String, EvalError> {
    match value {
        Value::Int(_) | Value::Uint(_) => text_of(value),
        Value::Double(it) => Ok(double_text(*it)),
        _ => Err(wrong_type("%d", std::slice::from_ref(value))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "formatted as a double")]
fn number(value: &Value<'_>, verb: &str) -> Result<f64, EvalError> {
    match value {
        Value::Int(it) => Ok(*it as f64),
        Value::Uint(it) => Ok(*it as f64),
        Value::Double(it) => Ok(*it),
        _ => Err(wrong_type(verb, std::slice::from_ref(value))),
    }
}

fn fixed(value: &Value<'_>, precision: usize) -> Result<String, EvalError> {
    let number = number(value, "%f")?;
    match number.is_finite() {
        true => Ok(format!("{number:.precision$}")),
        false => Ok(double_text(number)),
    }
}

/// With an exponent of a sign and at least two digits.
fn scientific(value: &Value<'_>, precision: usize) -> Result<String, EvalError> {
    let number = number(value, "%e")?;
    if !number.is_finite() {
        return Ok(double_text(number));
    }
    let text = format!("{number:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    Ok(format!("{mantissa}e{sign}{digits:0>2}"))
}

fn radix(value: &Value<'_>, verb: char) -> Result<String, EvalError> {
    let (sign, size) = match value {
        Value::Int(it) => (if *it < 0 { "-" } else { "" }, it.unsigned_abs()),
        Value::Uint(it) => ("", *it),
        Value::Bool(it) if verb == 'b' => ("", u64::from(*it)),
        Value::String(it) if verb == 'x' || verb == 'X' => return Ok(hex(it.as_bytes(), verb)),
        Value::Bytes(it) if verb == 'x' || verb == 'X' => return Ok(hex(it, verb)),
        _ => return Err(wrong_type(&format!("%{verb}"), std::slice::from_ref(value))),
    };
    Ok(match verb {
        'b' => format!("{sign}{size:b}"),
        'o' => format!("{sign}{size:o}"),
        'x' => format!("{sign}{size:x}"),
        _ => format!("{sign}{size:X}"),
    })
}

fn hex(bytes: &[u8], verb: char) -> String {
    let digits = bytes.iter().map(|byte| match verb {
        'x' => format!("{byte:02x}"),
        _ => format!("{byte:02X}"),
    });
    digits.collect()
}
