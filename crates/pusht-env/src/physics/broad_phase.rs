//! The pairs of shapes to test for contact, and their order: the engine's dynamic bounding-box tree.
//!
//! The order of pairs is the order of the solver, and the solver's result depends on it, so the tree is reproduced
//! exactly. It is small: three moving leaves (agent, bar, stem) have only the two forms (X, (Y, Z)) and ((Y, Z), X),
//! the boxes of inner nodes are the unions of their leaves and add nothing to the decisions of the leaves, and the tree
//! of the four walls never changes. Pairs that cannot touch or have no effect (bar and stem, agent and wall) are
//! omitted: a missing entry does not change the order of the others.

use super::vector::{Aabb, Vec2, max, min};
use super::{AGENT, BAR_SHAPE, STEM_SHAPE, ShapeId, walls};

/// Margin of the boxes, as a share of their size; also the seconds of motion looked ahead. The engine writes 0.1f.
const MARGIN: f64 = 0.1f32 as f64;

/// Order of the walls in a traversal of their tree (((3, 2), 1), 0).
const WALL_ORDER: [ShapeId; 4] = [3, 2, 1, 0];

/// Order in which moving shapes are updated.
const UPDATE_ORDER: [ShapeId; 3] = [BAR_SHAPE, STEM_SHAPE, AGENT];

/// Shapes that a moving leaf may touch, as the second partner of the pair.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Partners {
    len: u8,
    /// Oldest first; traversed from the end.
    shapes: [ShapeId; 5],
    /// Where the last search for closest points ended, per partner.
    ids: [u32; 5],
}

impl Partners {
    fn push(&mut self, shape: ShapeId) {
        let at = usize::from(self.len);
        self.shapes[at] = shape;
        self.ids[at] = 0;
        self.len += 1;
    }

    fn remove(&mut self, shape: ShapeId) {
        let len = usize::from(self.len);
        if let Some(at) = self.shapes[..len].iter().position(|&s| s == shape) {
            self.shapes.copy_within(at + 1..len, at);
            self.ids.copy_within(at + 1..len, at);
            self.truncate(len - 1);
        }
    }

    /// Shortens the list. Unused entries are kept zero, so that equal states compare equal.
    fn truncate(&mut self, len: usize) {
        self.shapes[len..].fill(0);
        self.ids[len..].fill(0);
        self.len = len as u8;
    }
}

/// The tree of the moving shapes: one leaf beside a node of two.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tree {
    single: ShapeId,
    inner: [ShapeId; 2],
    single_first: bool,
}

/// Which of two shapes a traversal reaches first.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// The other shape comes later in the traversal: remember the pair for it.
    Left,
    /// The other shape came earlier: remember the pair here and test it now.
    Right,
}

/// The state of the broad phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BroadPhase {
    tree: Tree,
    /// Boxes of agent, bar and stem, with their margin.
    boxes: [Aabb; 3],
    partners: [Partners; 3],
}

const fn leaf(shape: ShapeId) -> usize {
    (shape - AGENT) as usize
}

impl BroadPhase {
    /// The state after the shapes were added, agent, bar, stem, at rest with these boxes.
    ///
    /// Valid for the start poses of the references only, where the engine's insertions give (bar, (stem, agent)) and
    /// the pair stem–agent.
    pub fn at_start(boxes: &[Aabb; 3]) -> Self {
        let mut partners = [Partners::default(); 3];
        partners[leaf(AGENT)].push(STEM_SHAPE);
        Self {
            tree: Tree {
                single: BAR_SHAPE,
                inner: [STEM_SHAPE, AGENT],
                single_first: true,
            },
            boxes: boxes.map(|b| widened(&b, Vec2::ZERO)),
            partners,
        }
    }

    /// Updates boxes (agent, bar, stem) and velocities, then calls `collide(a, b, id)` for every pair that may touch,
    /// in the engine's order; it returns the id to be passed the next time.
    #[inline(always)]
    pub fn update(
        &mut self,
        boxes: &[Aabb; 3],
        agent_velocity: Vec2,
        block_velocity: Vec2,
        mut collide: impl FnMut(ShapeId, ShapeId, u32) -> u32,
    ) {
        let outside = [0, 1, 2].map(|i: usize| !self.boxes[i].contains(&boxes[i]));
        if outside == [false; 3] {
            for shape in self.walk() {
                self.revisit(shape, &mut collide);
            }
        } else {
            self.update_changed(boxes, agent_velocity, block_velocity, outside, &mut collide);
        }
    }

    fn update_changed(
        &mut self,
        boxes: &[Aabb; 3],
        agent_velocity: Vec2,
        block_velocity: Vec2,
        changed: [bool; 3],
        collide: &mut impl FnMut(ShapeId, ShapeId, u32) -> u32,
    ) {
        for shape in UPDATE_ORDER {
            if changed[leaf(shape)] {
                let velocity = if shape == AGENT { agent_velocity } else { block_velocity };
                self.boxes[leaf(shape)] = widened(&boxes[leaf(shape)], velocity);
                self.reinsert(shape);
                self.partners[leaf(shape)].truncate(0);
                for other in &mut self.partners {
                    other.remove(shape);
                }
            }
        }
        for shape in self.walk() {
            if changed[leaf(shape)] {
                self.visit_changed(shape, &changed, collide);
            } else {
                self.revisit(shape, collide);
            }
        }
    }

    #[inline(always)]
    fn walk(&self) -> [ShapeId; 3] {
        let Tree {
            single, inner: [a, b], ..
        } = self.tree;
        if self.tree.single_first {
            [single, a, b]
        } else {
            [a, b, single]
        }
    }

    /// Tests the remembered pairs of a leaf that stayed within its box, latest first.
    #[inline(always)]
    fn revisit(&mut self, shape: ShapeId, collide: &mut impl FnMut(ShapeId, ShapeId, u32) -> u32) {
        let partners = &mut self.partners[leaf(shape)];
        for at in (0..usize::from(partners.len)).rev() {
            partners.ids[at] = collide(partners.shapes[at], shape, partners.ids[at]);
        }
    }

    /// Finds the pairs of a leaf that was reinserted.
    fn visit_changed(
        &mut self,
        shape: ShapeId,
        changed: &[bool; 3],
        collide: &mut impl FnMut(ShapeId, ShapeId, u32) -> u32,
    ) {
        if shape != AGENT {
            for wall in WALL_ORDER {
                if walls()[usize::from(wall)].bounds.intersects(&self.boxes[leaf(shape)]) {
                    self.partners[leaf(shape)].push(wall);
                    collide(wall, shape, 0);
                }
            }
        }
        let Tree {
            single,
            inner: [a, b],
            single_first,
        } = self.tree;
        let (to_single, to_inner) = if single_first {
            (Side::Right, Side::Left)
        } else {
            (Side::Left, Side::Right)
        };
        let relatives = if shape == single {
            [(a, to_inner), (b, to_inner)]
        } else if shape == a {
            [(b, Side::Left), (single, to_single)]
        } else {
            [(a, Side::Right), (single, to_single)]
        };
        for (other, side) in relatives {
            let do_nothing = shape != AGENT && other != AGENT;
            if do_nothing || !self.boxes[leaf(shape)].intersects(&self.boxes[leaf(other)]) {
                continue;
            }
            if side == Side::Left {
                self.partners[leaf(other)].push(shape);
            } else {
                if !changed[leaf(other)] {
                    self.partners[leaf(shape)].push(other);
                }
                collide(shape, other, 0);
            }
        }
    }

    /// Takes a leaf out of the tree and inserts it where the area grows least.
    fn reinsert(&mut self, shape: ShapeId) {
        let Tree {
            single,
            inner: [a, b],
            single_first,
        } = self.tree;
        let (first, second) = if shape == single {
            (a, b)
        } else {
            let sibling = if shape == a { b } else { a };
            if single_first {
                (single, sibling)
            } else {
                (sibling, single)
            }
        };
        let (new, first_box, second_box) = (
            &self.boxes[leaf(shape)],
            &self.boxes[leaf(first)],
            &self.boxes[leaf(second)],
        );
        let mut cost_first = second_box.area() + first_box.merged_area(new);
        let mut cost_second = first_box.area() + second_box.merged_area(new);
        if cost_first == cost_second {
            cost_first = first_box.proximity(new);
            cost_second = second_box.proximity(new);
        }
        self.tree = if cost_second < cost_first {
            Tree {
                single: first,
                inner: [shape, second],
                single_first: true,
            }
        } else {
            Tree {
                single: second,
                inner: [shape, first],
                single_first: false,
            }
        };
    }
}

/// A box widened by a tenth of its size, and by a tenth of a second of motion.
fn widened(bounds: &Aabb, velocity: Vec2) -> Aabb {
    let x = (bounds.r - bounds.l) * MARGIN;
    let y = (bounds.t - bounds.b) * MARGIN;
    let v = velocity * MARGIN;
    Aabb {
        l: bounds.l + min(-x, v.x),
        b: bounds.b + min(-y, v.y),
        r: bounds.r + max(x, v.x),
        t: bounds.t + max(y, v.y),
    }
}
