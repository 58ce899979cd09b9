//! What a vendor allows a caller in a stretch of time.

/// A fixed window of calls.
#[derive(Debug)]
pub struct Budget {
    limit: u32,
    window_s: f64,
    begun: f64,
    used: u32,
}

/// Where a caller stands after a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Calls that a window allows.
    pub limit: u32,
    /// Calls left in this one.
    pub left: u32,
    /// Seconds until it ends, rounded up.
    pub reset_s: u64,
    /// Wall-clock time at which it ends, seconds since 1970.
    pub reset_at: f64,
    /// Whether this call was one too many.
    pub spent: bool,
}

impl Budget {
    /// `limit` calls every `window_s` seconds.
    pub fn new(limit: u32, window_s: f64) -> Self {
        Self {
            limit,
            window_s,
            begun: f64::NEG_INFINITY,
            used: 0,
        }
    }

    /// Counts a call at a wall-clock time.
    pub fn take(&mut self, now: f64) -> Standing {
        if now - self.begun >= self.window_s {
            self.begun = now;
            self.used = 0;
        }
        let spent = self.used >= self.limit;
        self.used += u32::from(!spent);
        let reset_at = self.begun + self.window_s;
        Standing {
            limit: self.limit,
            left: self.limit - self.used,
            reset_s: (reset_at - now).ceil().max(0.0) as u64,
            reset_at,
            spent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_allows_its_calls_and_the_next_begins_anew() {
        let mut budget = Budget::new(2, 300.0);
        let taken: Vec<_> = [0.0, 1.0, 2.5].map(|at| budget.take(at)).into();
        assert_eq!(taken.iter().map(|s| s.left).collect::<Vec<_>>(), [1, 0, 0]);
        assert_eq!(
            taken.iter().map(|s| s.spent).collect::<Vec<_>>(),
            [false, false, true]
        );
        assert_eq!(taken[2].reset_s, 298);
        assert!(!budget.take(300.0).spent);
    }
}
