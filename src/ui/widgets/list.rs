//! The state of a list: a selection that is tied to a thing, not to a row.

/// Selection and scroll position. `K` names a thing for good.
#[derive(Clone, Debug, PartialEq)]
pub struct ListState<K> {
    selected: Option<K>,
    index: usize,
    offset: usize,
    len: usize,
    height: usize,
}

impl<K> Default for ListState<K> {
    fn default() -> Self {
        Self {
            selected: None,
            index: 0,
            offset: 0,
            len: 0,
            height: 0,
        }
    }
}

impl<K: PartialEq + Clone> ListState<K> {
    /// Takes the list as it is now: finds the selected thing again, or stays near its old row; keeps it in sight.
    pub fn settle<'a>(&mut self, keys: impl ExactSizeIterator<Item = &'a K> + Clone, height: usize)
    where
        K: 'a,
    {
        self.len = keys.len();
        self.height = height.max(1);
        let found = self
            .selected
            .as_ref()
            .and_then(|s| keys.clone().position(|k| k == s));
        self.index = found.unwrap_or(self.index).min(self.len.saturating_sub(1));
        self.selected = keys
            .clone()
            .nth(self.index)
            .cloned()
            .or(self.selected.take());
        let lowest = (self.index + 1).saturating_sub(self.height);
        self.offset = self
            .offset
            .clamp(lowest, self.index)
            .min(self.len.saturating_sub(self.height));
    }

    /// Moves by rows; the next [`settle`](Self::settle) needs the keys to tie the selection.
    pub fn step<'a>(&mut self, by: isize, keys: impl ExactSizeIterator<Item = &'a K> + Clone)
    where
        K: 'a,
    {
        let target = self
            .index
            .saturating_add_signed(by)
            .min(keys.len().saturating_sub(1));
        self.jump(target, keys);
    }

    /// Selects a row.
    pub fn jump<'a>(&mut self, index: usize, keys: impl ExactSizeIterator<Item = &'a K> + Clone)
    where
        K: 'a,
    {
        self.index = index;
        self.selected = keys.clone().nth(index).cloned();
        self.settle(keys, self.height);
    }

    /// Does a motion command; `false` for others.
    pub fn motion<'a>(
        &mut self,
        command: super::super::commands::Command,
        keys: impl ExactSizeIterator<Item = &'a K> + Clone,
    ) -> bool
    where
        K: 'a,
    {
        use super::super::commands::Command;
        let page = self.height.saturating_sub(1).max(1) as isize;
        match command {
            Command::Up => self.step(-1, keys),
            Command::Down => self.step(1, keys),
            Command::PageUp => self.step(-page, keys),
            Command::PageDown => self.step(page, keys),
            Command::Top => self.jump(0, keys),
            Command::Bottom => self.jump(keys.len().saturating_sub(1), keys),
            _ => return false,
        }
        true
    }

    /// Ties the selection to a thing that may not be in the list yet.
    pub fn select(&mut self, key: K) {
        self.selected = Some(key);
    }

    /// Lets go of the selection: the next [`settle`](Self::settle) takes the first row. For a filter that changed.
    pub fn rewind(&mut self) {
        self.selected = None;
        self.index = 0;
        self.offset = 0;
    }

    /// A filter changed: while one is typed the best hit is wanted, and once it is gone the selection stays what it was.
    pub fn filtered(&mut self, filter: &str) {
        if !filter.is_empty() {
            self.rewind();
        }
    }

    /// The thing selected.
    pub fn selected(&self) -> Option<&K> {
        self.selected.as_ref()
    }

    /// Its row.
    pub fn index(&self) -> usize {
        self.index
    }

    /// First row shown.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The row at a line of the list's area, if there is one.
    pub fn row_at(&self, line: u16) -> Option<usize> {
        let row = self.offset + usize::from(line);
        (row < self.len && usize::from(line) < self.height).then_some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::commands::Command;

    #[test]
    fn the_selection_follows_its_thing_through_sorting_and_removal() {
        let mut list = ListState::default();
        let mut keys = vec!["a", "b", "c", "d"];
        list.settle(keys.iter(), 2);
        list.step(2, keys.iter());
        assert_eq!(list.selected(), Some(&"c"));
        keys.reverse();
        list.settle(keys.iter(), 2);
        assert_eq!((list.selected(), list.index()), (Some(&"c"), 1));
        keys.retain(|k| *k != "c");
        list.settle(keys.iter(), 2);
        assert_eq!(list.index(), 1, "stays near the old row");
        assert!(list.offset() <= 1);
    }

    #[test]
    fn motions_stay_inside() {
        let mut list = ListState::default();
        let keys: Vec<u32> = (0..100).collect();
        list.settle(keys.iter(), 10);
        assert!(list.motion(Command::Bottom, keys.iter()));
        assert_eq!((list.index(), list.offset()), (99, 90));
        list.motion(Command::PageUp, keys.iter());
        assert_eq!(list.index(), 90);
        list.motion(Command::Top, keys.iter());
        list.motion(Command::Up, keys.iter());
        assert_eq!((list.index(), list.offset()), (0, 0));
        let empty: Vec<u32> = Vec::new();
        list.settle(empty.iter(), 10);
        assert!(list.motion(Command::Down, empty.iter()));
        assert_eq!(list.row_at(0), None);
    }
}
