//! The pairs that touch. Friction and elasticity are zero in the references; the agent and the walls have infinite mass, so
//! only the T is moved.

use super::body::{Agent, Block};
use super::solver::{self, Row};
use super::{AGENT, BAR_SHAPE};
use crate::ContactTick;
use crate::arbiter::{Arbiter, Phase};
use crate::engine::{BIAS_COEFFICIENT, DT, SLOP, ShapeId};
use crate::manifold::Manifold;
use crate::vector::{Vec2, min};

/// Pairs of shapes that can touch: the agent and four walls, each with bar and stem.
pub const CONTACT_PAIRS: usize = 10;

/// All pairs, and which of them touch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arbiters {
    pairs: [Arbiter; CONTACT_PAIRS],
    /// Bit i is set if pair i is not absent.
    present: u16,
    /// Pairs that touch, in the order in which the broad phase found them: the order of the solver.
    active: [u8; CONTACT_PAIRS],
    active_len: u8,
}

const fn pair_index(first: ShapeId, rectangle: usize) -> usize {
    if first == AGENT {
        rectangle
    } else {
        2 + 2 * first as usize + rectangle
    }
}

const fn is_agent_pair(pair: u8) -> bool {
    pair < 2
}

impl Arbiters {
    pub fn new() -> Self {
        Self {
            pairs: [Arbiter::default(); CONTACT_PAIRS],
            present: 0,
            active: [0; CONTACT_PAIRS],
            active_len: 0,
        }
    }

    fn active(&self) -> impl Iterator<Item = u8> + '_ {
        self.active[..usize::from(self.active_len)].iter().copied()
    }

    /// Begins a substep: what touched in the last one is no longer new.
    #[inline(always)]
    pub fn begin(&mut self) {
        for at in 0..usize::from(self.active_len) {
            self.pairs[usize::from(self.active[at])].phase = Phase::Normal;
        }
        self.active = [0; CONTACT_PAIRS];
        self.active_len = 0;
    }

    /// Adds the contact points found for a pair (`first` is the agent or a wall), with the bodies' centers.
    pub fn touch(&mut self, first: ShapeId, rectangle: ShapeId, found: &Manifold, center1: Vec2, center2: Vec2) {
        let index = pair_index(first, usize::from(rectangle - BAR_SHAPE));
        self.pairs[index].touch(found, center1, center2);
        self.present |= 1 << index;
        self.active[usize::from(self.active_len)] = index as u8;
        self.active_len += 1;
    }

    /// Ages the pairs that did not touch in this substep, and forgets the old ones.
    #[inline(always)]
    pub fn purge(&mut self) {
        let mut idle = self.present;
        for pair in self.active() {
            idle &= !(1 << pair);
        }
        while idle != 0 {
            let index = idle.trailing_zeros() as usize;
            idle &= idle - 1;
            if self.pairs[index].miss() {
                self.present &= !(1 << index);
            }
        }
    }

    /// Multiplies the impulses so far of each pair of shapes by a factor.
    pub fn scale_impulses(&mut self, factors: &[f64; CONTACT_PAIRS]) {
        for (pair, factor) in self.pairs.iter_mut().zip(factors) {
            for contact in &mut pair.contacts {
                contact.impulse *= factor;
            }
        }
    }

    /// Contact points of the last substep.
    #[inline]
    pub fn contact_count(&self) -> u32 {
        self.active()
            .map(|pair| u32::from(self.pairs[usize::from(pair)].len))
            .sum()
    }

    /// Solves the velocities of the T, which the substep has set to zero before.
    #[inline(always)]
    pub fn solve(&mut self, agent: &Agent, block: &mut Block) {
        // Two array sizes, so that the usual case need not clear the large array.
        match self.contact_count() {
            0 => {}
            1..=4 => self.solve_rows(&mut [Row::default(); 4], agent, block),
            _ => self.solve_rows(&mut [Row::default(); 2 * CONTACT_PAIRS], agent, block),
        }
    }

    #[inline(always)]
    fn solve_rows(&mut self, rows: &mut [Row], agent: &Agent, block: &mut Block) {
        let mut len = 0;
        for index in self.active() {
            let pair = &self.pairs[usize::from(index)];
            let (center, velocity) = if is_agent_pair(index) {
                (agent.position, agent.velocity)
            } else {
                (Vec2::ZERO, Vec2::ZERO)
            };
            let between = block.center - center;
            for contact in pair.contacts() {
                let distance = (contact.r2 - contact.r1 + between).dot(pair.n);
                let bias = -BIAS_COEFFICIENT * min(0.0, distance + SLOP) / DT;
                rows[len] = Row::new(pair.n, contact.r2, velocity, bias, contact.impulse);
                len += 1;
                if pair.phase != Phase::First {
                    block.apply_impulse(pair.n * contact.impulse, contact.r2);
                }
            }
        }
        solver::solve(&mut rows[..len], block);
        let mut at = 0;
        for i in 0..usize::from(self.active_len) {
            let pair = &mut self.pairs[usize::from(self.active[i])];
            for contact in &mut pair.contacts[..usize::from(pair.len)] {
                contact.impulse = rows[at].impulse();
                at += 1;
            }
        }
    }

    /// The contacts as the reference draws them, with the current positions of the bodies.
    pub fn ticks(&self, agent: Vec2, block: Vec2) -> Vec<ContactTick> {
        let mut ticks = Vec::new();
        for index in self.active() {
            let pair = &self.pairs[usize::from(index)];
            let first = if is_agent_pair(index) { agent } else { Vec2::ZERO };
            for contact in pair.contacts() {
                ticks.push(ContactTick {
                    from: (first + contact.r1 + pair.n * -2.0).array(),
                    to: (block + contact.r2 + pair.n * 2.0).array(),
                });
            }
        }
        ticks
    }
}
