//! Sorting whose text is in the program once. The standard library's stable sort is compiled anew for every type and every
//! comparison: two hundred of them were a twentieth of all that is resident of an idle console. Here positions are sorted, by one
//! comparison that is called through a pointer, and the rows are put in their places after.

use std::cmp::Ordering;

/// Rows that can be put in order. Rows that compare alike keep the order that they came in.
pub trait Ordered<T> {
    /// Puts them in the order of a comparison.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Puts them in the order of a key.
    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Ordered<T> for [T] {
    fn order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let swaps = swaps(self.len(), &mut |a, b| compare(&self[a], &self[b]));
        for (a, b) in swaps {
            self.swap(a, b);
        }
    }

    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|a, b| key(a).cmp(&key(b)));
    }
}

/// Which rows change places, one pair after the other, until all are in order.
fn swaps(rows: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<(usize, usize)> {
    let mut places: Vec<usize> = (0..rows).collect();
    places.sort_by(|a, b| compare(*a, *b));
    let mut swaps = Vec::new();
    // Along each circle of rows that take each other's place.
    for start in 0..rows {
        let mut at = start;
        while places[at] != start {
            let from = std::mem::replace(&mut places[at], at);
            swaps.push((at, from));
            at = from;
        }
        places[at] = at;
    }
    swaps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_in_the_order_of_the_standard_library(rows in prop::collection::vec((0u8..6, any::<u16>()), 0..80)) {
            let (mut ours, mut theirs) = (rows.clone(), rows.clone());
            ours.order_by(|a, b| a.0.cmp(&b.0));
            theirs.sort_by_key(|r| r.0);
            prop_assert_eq!(&ours, &theirs, "alike rows keep their order");
            ours.order_by_key(|r| std::cmp::Reverse(r.1));
            theirs.sort_by_key(|r| std::cmp::Reverse(r.1));
            prop_assert_eq!(ours, theirs);
        }
    }
}
