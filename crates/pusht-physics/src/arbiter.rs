//! One pair of shapes whose contact persists from substep to substep.
//!
//! The impulse of a contact so far is kept and applied at the start of the next substep ("warm start").

use crate::engine::PERSISTENCE;
use crate::manifold::Manifold;
use crate::vector::Vec2;

/// Contact phase of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Phase {
    /// Never touched, or forgotten.
    #[default]
    Absent,
    /// Touches now and did not in the last substep.
    First,
    /// Touched in the last substep.
    Normal,
    /// Did not touch in the last substep.
    Cached,
}

/// A contact point with the solver's data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Contact {
    /// Offset from the center of the first body.
    pub r1: Vec2,
    /// Offset from the center of the second body.
    pub r2: Vec2,
    hash: u64,
    /// Impulse along the normal so far.
    pub impulse: f64,
}

/// One pair of shapes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Arbiter {
    pub phase: Phase,
    /// Substeps since the last contact.
    age: u8,
    pub len: u8,
    pub n: Vec2,
    pub contacts: [Contact; 2],
}

impl Arbiter {
    /// Takes over the contact points found for the pair, with the bodies' centers.
    #[inline(always)]
    pub fn touch(&mut self, found: &Manifold, center1: Vec2, center2: Vec2) {
        let mut contacts = [Contact::default(); 2];
        for (contact, point) in contacts.iter_mut().zip(&found.points[..found.len]) {
            *contact = Contact {
                r1: point.a - center1,
                r2: point.b - center2,
                hash: point.hash,
                impulse: 0.0,
            };
            for old in &self.contacts[..usize::from(self.len)] {
                if old.hash == point.hash {
                    contact.impulse = old.impulse;
                }
            }
        }
        self.contacts = contacts;
        self.len = found.len as u8;
        self.n = found.n;
        self.age = 0;
        // A pair that touches again keeps its impulses but is not warm-started, as in the engine.
        if matches!(self.phase, Phase::Absent | Phase::Cached) {
            self.phase = Phase::First;
        }
    }

    /// Ages a pair that did not touch in this substep; whether it is forgotten.
    #[inline(always)]
    pub fn miss(&mut self) -> bool {
        self.phase = Phase::Cached;
        self.age += 1;
        let forgotten = self.age >= PERSISTENCE;
        if forgotten {
            *self = Self::default();
        }
        forgotten
    }

    /// The contacts in use.
    #[inline(always)]
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts[..usize::from(self.len)]
    }
}
