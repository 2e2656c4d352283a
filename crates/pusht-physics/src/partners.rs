//! The pairs that the broad phase remembers between substeps.

use crate::engine::ShapeId;

/// Shapes that a moving leaf may touch, as the second partner of the pair; room for `N`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Partners<const N: usize> {
    pub len: u8,
    /// Oldest first; traversed from the end.
    pub shapes: [ShapeId; N],
    /// Where the last search for closest points ended, per partner.
    pub ids: [u32; N],
}

impl<const N: usize> Partners<N> {
    pub const NONE: Self = Self {
        len: 0,
        shapes: [0; N],
        ids: [0; N],
    };

    #[inline]
    pub fn push(&mut self, shape: ShapeId) {
        let at = usize::from(self.len);
        self.shapes[at] = shape;
        self.ids[at] = 0;
        self.len += 1;
    }

    #[inline]
    pub fn remove(&mut self, shape: ShapeId) {
        let len = usize::from(self.len);
        if let Some(at) = self.shapes[..len].iter().position(|&s| s == shape) {
            self.shapes.copy_within(at + 1..len, at);
            self.ids.copy_within(at + 1..len, at);
            self.truncate(len - 1);
        }
    }

    /// Shortens the list. Unused entries are kept zero, so that equal states compare equal.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.shapes[len..].fill(0);
        self.ids[len..].fill(0);
        self.len = len as u8;
    }
}
