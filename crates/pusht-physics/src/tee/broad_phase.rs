//! The pairs of shapes to test for contact, and their order: the engine's dynamic bounding-box tree.
//!
//! The order of pairs is the order of the solver, and the solver's result depends on it, so the tree is reproduced
//! exactly. It is small: three moving leaves (agent, bar, stem) have only the two forms (X, (Y, Z)) and ((Y, Z), X),
//! the boxes of inner nodes are the unions of their leaves and add nothing to the decisions of the leaves, and the tree
//! of the four walls never changes. Pairs that cannot touch or have no effect (bar and stem, agent and wall) are
//! omitted: a missing entry does not change the order of the others.

use super::{AGENT, BAR_SHAPE, STEM_SHAPE};
use crate::engine::{ShapeId, WALL_ORDER};
use crate::partners::Partners;
use crate::vector::{Aabb, Vec2};
use crate::wall::walls;

/// Order in which moving shapes are updated.
const UPDATE_ORDER: [ShapeId; 3] = [BAR_SHAPE, STEM_SHAPE, AGENT];

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
    partners: [Partners<5>; 3],
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
        let mut partners = [Partners::NONE; 3];
        partners[leaf(AGENT)].push(STEM_SHAPE);
        Self {
            tree: Tree {
                single: BAR_SHAPE,
                inner: [STEM_SHAPE, AGENT],
                single_first: true,
            },
            boxes: boxes.map(|b| b.widened(Vec2::ZERO)),
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
                self.boxes[leaf(shape)] = boxes[leaf(shape)].widened(velocity);
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
