//! How much is worked out of what policies say together: comparing their patterns has a bound.

use std::cell::Cell;

/// Steps of comparing patterns for one principal: policies as people write them take some thousands. Somebody's longest ones, held
/// against each other and against a boundary, would take minutes; of those nothing is worked out for certain.
const STEPS: u32 = 2_000_000;

/// What is left of the steps for one principal.
#[derive(Debug)]
pub struct Effort(Cell<u32>);

impl Default for Effort {
    fn default() -> Self {
        Self(Cell::new(STEPS))
    }
}

impl Effort {
    /// With no more steps than these.
    pub fn at_most(steps: u64) -> Self {
        Self(Cell::new(u32::try_from(steps).unwrap_or(STEPS).min(STEPS)))
    }

    /// Steps that are left.
    pub fn left(&self) -> u64 {
        u64::from(self.0.get())
    }

    /// Takes a step; whether there was one left.
    pub(super) fn step(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether none is left.
    pub fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
