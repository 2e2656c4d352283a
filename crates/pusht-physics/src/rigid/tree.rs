//! The broad phase: the engine's dynamic bounding-box tree over the moving shapes, beside the fixed one of the walls.
//!
//! The order of its pairs is the order of the solver. Boxes of inner nodes enclose their leaves, so they matter only for
//! where a leaf is inserted. Pairs of one body, and of an unmovable agent with a wall, have no effect and are omitted.

use super::MAX_MOVING;
use crate::engine::{FIRST_MOVING, ShapeId, WALL_ORDER};
use crate::partners::Partners;
use crate::vector::{Aabb, Vec2};
use crate::wall::walls;

const NODES: usize = 2 * MAX_MOVING - 1;

/// Index of a node; those below `MAX_MOVING` are the leaves, in the order of their shapes.
type NodeId = u8;

const NOWHERE: NodeId = NodeId::MAX;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Node {
    bounds: Aabb,
    parent: NodeId,
    children: [NodeId; 2],
}

/// Which shapes can act on each other.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bodies {
    /// Shapes of the agent; those that follow are the block's.
    agent: u8,
    /// Whether walls act on the agent.
    agent_moves: bool,
}

/// The tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tree {
    nodes: [Node; NODES],
    root: NodeId,
    /// The next inner node.
    spare: NodeId,
    leaves: u8,
    bodies: Bodies,
    partners: [Partners<{ 4 + MAX_MOVING }>; MAX_MOVING],
}

/// Leaves of a traversal.
struct Walk {
    leaves: [usize; MAX_MOVING],
    len: usize,
}

impl Walk {
    fn as_slice(&self) -> &[usize] {
        &self.leaves[..self.len]
    }
}

const fn is_leaf(node: NodeId) -> bool {
    (node as usize) < MAX_MOVING
}

const fn shape(leaf: usize) -> ShapeId {
    FIRST_MOVING + leaf as ShapeId
}

impl Bodies {
    fn same(self, a: usize, b: usize) -> bool {
        (a < usize::from(self.agent)) == (b < usize::from(self.agent))
    }

    fn meets_walls(self, leaf: usize) -> bool {
        self.agent_moves || leaf >= usize::from(self.agent)
    }
}

impl Tree {
    /// The tree after the shapes with these boxes were added at rest, one after another; the first `agent` are the agent's.
    pub fn new(boxes: &[Aabb], agent: usize, agent_moves: bool) -> Self {
        let nothing = Node {
            bounds: Aabb::default(),
            parent: NOWHERE,
            children: [NOWHERE; 2],
        };
        let mut tree = Self {
            nodes: [nothing; NODES],
            root: NOWHERE,
            spare: MAX_MOVING as NodeId,
            leaves: 0,
            bodies: Bodies {
                agent: agent as u8,
                agent_moves,
            },
            partners: [Partners::NONE; MAX_MOVING],
        };
        for (leaf, bounds) in boxes.iter().enumerate() {
            tree.leaves += 1;
            tree.nodes[leaf].bounds = bounds.widened(Vec2::ZERO);
            tree.insert(leaf as NodeId);
            tree.spare = (MAX_MOVING + leaf) as NodeId;
            // All others are older.
            let mut changed = [false; MAX_MOVING];
            changed[leaf] = true;
            tree.visit_changed(leaf, &changed, &mut |_, _, id| id);
        }
        tree
    }

    /// Leaves in the order in which the engine's hash set yields them: it has five places for up to four leaves, else
    /// thirteen.
    pub fn hash_order(&self) -> impl Iterator<Item = usize> + use<> {
        let leaves = usize::from(self.leaves);
        let first = usize::from(leaves <= 4);
        (0..leaves).map(move |i| (i + first) % leaves)
    }

    /// Updates boxes and velocities of the leaves, then calls `collide(a, b, id)` for every pair that may touch, in the
    /// engine's order; it returns the id to be passed the next time.
    pub fn update(
        &mut self,
        now: impl Fn(usize) -> (Aabb, Vec2),
        mut collide: impl FnMut(ShapeId, ShapeId, u32) -> u32,
    ) {
        let mut changed = [false; MAX_MOVING];
        for leaf in self.hash_order() {
            let (bounds, velocity) = now(leaf);
            if !self.nodes[leaf].bounds.contains(&bounds) {
                changed[leaf] = true;
                self.nodes[leaf].bounds = bounds.widened(velocity);
                self.remove(leaf as NodeId);
                self.insert(leaf as NodeId);
                self.partners[leaf].truncate(0);
                for other in &mut self.partners {
                    other.remove(shape(leaf));
                }
            }
        }
        for &leaf in self.walk(self.root).as_slice() {
            if changed[leaf] {
                self.visit_changed(leaf, &changed, &mut collide);
            } else {
                self.revisit(leaf, &mut collide);
            }
        }
    }

    /// Tests the remembered pairs of a leaf that stayed within its box, latest first.
    fn revisit(&mut self, leaf: usize, collide: &mut impl FnMut(ShapeId, ShapeId, u32) -> u32) {
        let partners = &mut self.partners[leaf];
        for at in (0..usize::from(partners.len)).rev() {
            partners.ids[at] = collide(partners.shapes[at], shape(leaf), partners.ids[at]);
        }
    }

    /// Finds the pairs of a leaf that was inserted. `changed` leaves are as new as this one.
    fn visit_changed(
        &mut self,
        leaf: usize,
        changed: &[bool; MAX_MOVING],
        collide: &mut impl FnMut(ShapeId, ShapeId, u32) -> u32,
    ) {
        let bounds = self.nodes[leaf].bounds;
        if self.bodies.meets_walls(leaf) {
            for wall in WALL_ORDER {
                if walls()[usize::from(wall)].bounds.intersects(&bounds) {
                    self.partners[leaf].push(wall);
                    collide(shape(leaf), wall, 0);
                }
            }
        }
        let mut node = leaf as NodeId;
        while self.nodes[usize::from(node)].parent != NOWHERE {
            let parent = self.nodes[usize::from(node)].parent;
            let [a, b] = self.nodes[usize::from(parent)].children;
            let (relatives, left) = if node == a { (b, true) } else { (a, false) };
            for &other in self.walk(relatives).as_slice() {
                if self.bodies.same(leaf, other) || !bounds.intersects(&self.nodes[other].bounds) {
                    continue;
                }
                if left {
                    // The other comes later in the traversal: it is remembered there.
                    self.partners[other].push(shape(leaf));
                } else {
                    if !changed[other] {
                        self.partners[leaf].push(shape(other));
                    }
                    collide(shape(leaf), shape(other), 0);
                }
            }
            node = parent;
        }
    }

    /// Leaves below a node, depth first.
    fn walk(&self, from: NodeId) -> Walk {
        let mut walk = Walk {
            leaves: [0; MAX_MOVING],
            len: 0,
        };
        let (mut stack, mut height) = ([from; MAX_MOVING], usize::from(from != NOWHERE));
        while height > 0 {
            height -= 1;
            let node = stack[height];
            if is_leaf(node) {
                walk.leaves[walk.len] = usize::from(node);
                walk.len += 1;
            } else {
                let [a, b] = self.nodes[usize::from(node)].children;
                stack[height..height + 2].copy_from_slice(&[b, a]);
                height += 2;
            }
        }
        walk
    }

    /// Inserts a leaf, with its box, where the area grows least.
    fn insert(&mut self, leaf: NodeId) {
        let bounds = self.nodes[usize::from(leaf)].bounds;
        if self.root == NOWHERE {
            self.root = leaf;
            self.nodes[usize::from(leaf)].parent = NOWHERE;
            return;
        }
        let mut node = self.root;
        while !is_leaf(node) {
            let [a, b] = self.nodes[usize::from(node)].children;
            let [box_a, box_b] = [a, b].map(|n| self.nodes[usize::from(n)].bounds);
            let mut cost_a = box_b.area() + box_a.merged_area(&bounds);
            let mut cost_b = box_a.area() + box_b.merged_area(&bounds);
            if cost_a == cost_b {
                cost_a = box_a.proximity(&bounds);
                cost_b = box_b.proximity(&bounds);
            }
            node = if cost_b < cost_a { b } else { a };
        }
        let parent = self.nodes[usize::from(node)].parent;
        let inner = self.spare;
        self.nodes[usize::from(inner)] = Node {
            bounds: bounds.merged(&self.nodes[usize::from(node)].bounds),
            parent,
            children: [leaf, node],
        };
        self.nodes[usize::from(leaf)].parent = inner;
        self.nodes[usize::from(node)].parent = inner;
        self.replace_child(parent, node, inner);
        let mut above = parent;
        while above != NOWHERE {
            let node = &mut self.nodes[usize::from(above)];
            node.bounds = node.bounds.merged(&bounds);
            above = node.parent;
        }
    }

    /// Takes a leaf out; its parent becomes the spare node.
    fn remove(&mut self, leaf: NodeId) {
        let parent = self.nodes[usize::from(leaf)].parent;
        if parent == NOWHERE {
            self.root = NOWHERE;
            return;
        }
        let Node {
            parent: grandparent,
            children: [a, b],
            ..
        } = self.nodes[usize::from(parent)];
        let sibling = if a == leaf { b } else { a };
        self.nodes[usize::from(sibling)].parent = grandparent;
        self.replace_child(grandparent, parent, sibling);
        self.spare = parent;
        let mut above = grandparent;
        while above != NOWHERE {
            let [a, b] = self.nodes[usize::from(above)].children;
            let bounds = self.nodes[usize::from(a)]
                .bounds
                .merged(&self.nodes[usize::from(b)].bounds);
            let node = &mut self.nodes[usize::from(above)];
            node.bounds = bounds;
            above = node.parent;
        }
    }

    fn replace_child(&mut self, parent: NodeId, child: NodeId, new: NodeId) {
        if parent == NOWHERE {
            self.root = new;
            return;
        }
        for slot in &mut self.nodes[usize::from(parent)].children {
            if *slot == child {
                *slot = new;
            }
        }
    }
}
