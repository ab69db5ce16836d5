//! What the command line's exit code says.

/// Exit codes of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Well = 0,
    /// The operation failed.
    Failed = 1,
    /// Wrong usage, or an invalid file.
    Usage = 2,
    /// The server is out of reach.
    Unreachable = 3,
    /// What was named is not there.
    NotFound = 4,
    /// The state or a missing permission forbids it.
    Refused = 5,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
