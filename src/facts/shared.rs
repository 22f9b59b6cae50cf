//! What two looks hold together as long as it stays as it was: what a calm machine's history is small by.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that several looks may hold. Who changes it has a copy of its own from then on.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// Whether both are the same one in memory, not merely equal.
    pub fn is_one_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: PartialEq> Shared<T> {
    /// Holds the one of the look before where that is equal, and gives its own up.
    pub fn join(&mut self, before: &Self) {
        if self == before {
            self.0 = Arc::clone(&before.0);
        }
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<'a, T> IntoIterator for &'a Shared<Vec<T>> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T: Clone> IntoIterator for &'a mut Shared<Vec<T>> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_is_held_once_and_changed_alone() {
        let before = Shared::from(vec![1, 2]);
        let mut now = Shared::from(vec![1, 2]);
        assert!(now == before && !now.is_one_with(&before));
        now.join(&before);
        assert!(now.is_one_with(&before));
        now.push(3);
        assert_eq!((before.len(), now.len()), (2, 3));
        now.join(&before);
        assert!(!now.is_one_with(&before), "it differs");
    }
}
