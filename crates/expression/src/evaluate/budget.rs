use crate::{EvalError, MAX_COST};

/// The most parts that a built result may have; about one per value and per 32 bytes of text.
const MAX_OUTPUT: usize = 2_000_000;

/// What is left of the work that one evaluation may do. Once it is used up, everything fails.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u64,
    output: usize,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            left: MAX_COST,
            output: MAX_OUTPUT,
        }
    }

    /// Takes the cost of `units` steps or elements.
    pub(crate) fn spend(&mut self, units: usize) -> Result<(), EvalError> {
        match self.left.checked_sub(units as u64) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                self.check()
            }
        }
    }

    /// Takes the cost of reading or writing a text of this many bytes.
    pub(crate) fn spend_text(&mut self, bytes: usize) -> Result<(), EvalError> {
        self.spend(bytes / 32)
    }

    /// Takes the cost of a part of the result.
    pub(crate) fn spend_output(&mut self, parts: usize) -> Result<(), EvalError> {
        self.output = self
            .output
            .checked_sub(parts)
            .ok_or_else(|| EvalError::other("the result of this expression is too large"))?;
        Ok(())
    }

    /// Fails when nothing is left.
    pub(crate) fn check(&self) -> Result<(), EvalError> {
        if self.left > 0 {
            return Ok(());
        }
        let message = format!("this expression costs more than {MAX_COST} steps");
        Err(EvalError::other(message))
    }
}
