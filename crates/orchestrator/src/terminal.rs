//! Colours, on a terminal only; they never carry a meaning alone.

use std::io::IsTerminal;

/// Whether tables and colours suit standard output.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// For what went wrong (standard error).
pub fn red(text: &str) -> String {
    paint(text, "31", std::io::stderr().is_terminal())
}

/// For what is said beside (standard error).
pub fn dim(text: &str) -> String {
    paint(text, "2", std::io::stderr().is_terminal())
}

/// A status word in its colour (standard output).
pub fn status(word: &str) -> String {
    let colour = match word {
        "completed" => "32",
        "failed" | "stuck" => "31",
        "compensated" | "compensating" | "cancelled" | "retrying" => "33",
        "running" | "waiting" | "queued" | "paused" => "36",
        _ => return word.to_owned(),
    };
    paint(word, colour, is_terminal())
}

fn paint(text: &str, colour: &str, wanted: bool) -> String {
    if wanted && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[{colour}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
