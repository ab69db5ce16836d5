//! Chance that can be repeated.

/// Numbers drawn from a seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        // No seed may give the state from which all numbers are zero.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
