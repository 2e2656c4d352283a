//! The pairs of shapes that touch.

use super::solver::{AGENT, BLOCK, Bodies, Row, WALLS, solve};
use super::{MAX_MOVING, MAX_PARTS};
use crate::ContactTick;
use crate::arbiter::{Arbiter, Phase};
use crate::engine::{BIAS_COEFFICIENT, DT, FIRST_MOVING, SLOP, ShapeId};
use crate::manifold::Manifold;
use crate::vector::{Vec2, min};

/// Pairs that can touch: each wall with each moving shape, then each shape of the agent with each of the block.
const PAIRS: usize = 4 * MAX_MOVING + MAX_PARTS * MAX_PARTS;

/// All pairs, and which of them touch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arbiters {
    pairs: [Arbiter; PAIRS],
    /// Bodies of each pair, the first one first.
    bodies: [[u8; 2]; PAIRS],
    /// Bit i is set if pair i is not absent.
    present: u64,
    /// Pairs that touch, in the order of the solver.
    active: [u8; PAIRS],
    active_len: u8,
    /// Shapes of the agent.
    agent_shapes: u8,
}

impl Arbiters {
    pub fn new(agent_shapes: usize) -> Self {
        Self {
            pairs: [Arbiter::default(); PAIRS],
            bodies: [[0; 2]; PAIRS],
            present: 0,
            active: [0; PAIRS],
            active_len: 0,
            agent_shapes: agent_shapes as u8,
        }
    }

    fn body(&self, shape: ShapeId) -> usize {
        if shape < FIRST_MOVING {
            WALLS
        } else if shape < FIRST_MOVING + self.agent_shapes {
            AGENT
        } else {
            BLOCK
        }
    }

    /// The same for both orders.
    fn index(&self, first: ShapeId, second: ShapeId) -> usize {
        let (low, high) = (first.min(second), first.max(second));
        if low < FIRST_MOVING {
            usize::from(low) * MAX_MOVING + usize::from(high - FIRST_MOVING)
        } else {
            let (part, other) = (low - FIRST_MOVING, high - FIRST_MOVING - self.agent_shapes);
            4 * MAX_MOVING + usize::from(part) * MAX_PARTS + usize::from(other)
        }
    }

    fn active(&self) -> impl Iterator<Item = usize> + '_ {
        self.active[..usize::from(self.active_len)]
            .iter()
            .map(|&i| usize::from(i))
    }

    /// Begins a substep: what touched in the last one is no longer new.
    pub fn begin(&mut self) {
        for at in 0..usize::from(self.active_len) {
            self.pairs[usize::from(self.active[at])].phase = Phase::Normal;
        }
        self.active = [0; PAIRS];
        self.active_len = 0;
    }

    /// Adds the contact points found for a pair.
    pub fn touch(&mut self, first: ShapeId, second: ShapeId, found: &Manifold, centers: [Vec2; 2]) {
        let index = self.index(first, second);
        self.bodies[index] = [first, second].map(|shape| self.body(shape) as u8);
        self.pairs[index].touch(found, centers[0], centers[1]);
        self.present |= 1 << index;
        self.active[usize::from(self.active_len)] = index as u8;
        self.active_len += 1;
    }

    /// Ages the pairs that did not touch in this substep, and forgets the old ones.
    pub fn purge(&mut self) {
        let mut idle = self.present;
        for pair in self.active() {
            idle &= !(1 << pair);
        }
        while idle != 0 {
            let index = idle.trailing_zeros() as usize;
            idle &= idle - 1;
            if self.pairs[index].miss() {
                self.bodies[index] = [0; 2];
                self.present &= !(1 << index);
            }
        }
    }

    /// Contact points of the last substep.
    pub fn contact_count(&self) -> u32 {
        self.active().map(|pair| u32::from(self.pairs[pair].len)).sum()
    }

    /// Solves the velocities, which were damped before.
    pub fn solve(&mut self, motions: &mut Bodies) {
        match self.contact_count() {
            0 => {}
            1..=8 => self.solve_rows(&mut [Row::default(); 8], motions),
            _ => self.solve_rows(&mut [Row::default(); 2 * PAIRS], motions),
        }
    }

    fn solve_rows(&mut self, rows: &mut [Row], motions: &mut Bodies) {
        let mut len = 0;
        for index in self.active() {
            let pair = &self.pairs[index];
            let bodies = self.bodies[index].map(usize::from);
            let between = motions[bodies[1]].center - motions[bodies[0]].center;
            for contact in pair.contacts() {
                let distance = (contact.r2 - contact.r1 + between).dot(pair.n);
                let bias = -BIAS_COEFFICIENT * min(0.0, distance + SLOP) / DT;
                let r = [contact.r1, contact.r2];
                rows[len] = Row::new(motions, bodies, pair.n, r, bias, contact.impulse);
                if pair.phase != Phase::First {
                    rows[len].warm_start(motions);
                }
                len += 1;
            }
        }
        solve(&mut rows[..len], motions);
        let mut solved = rows.iter();
        for i in 0..usize::from(self.active_len) {
            let pair = &mut self.pairs[usize::from(self.active[i])];
            for (contact, row) in pair.contacts[..usize::from(pair.len)].iter_mut().zip(&mut solved) {
                contact.impulse = row.impulse;
            }
        }
    }

    /// The contacts as the reference draws them, with the current centers of the bodies.
    pub fn ticks(&self, motions: &Bodies) -> Vec<ContactTick> {
        let mut ticks = Vec::new();
        for index in self.active() {
            let pair = &self.pairs[index];
            let [first, second] = self.bodies[index].map(|body| motions[usize::from(body)].center);
            for contact in pair.contacts() {
                ticks.push(ContactTick {
                    from: (first + contact.r1 + pair.n * -2.0).array(),
                    to: (second + contact.r2 + pair.n * 2.0).array(),
                });
            }
        }
        ticks
    }
}
