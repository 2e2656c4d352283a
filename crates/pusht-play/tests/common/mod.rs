//! Settings, a policy whose actions say what it has seen, and a person who leads the disc.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use pusht_data::Simulation;
use pusht_env::{Action, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError};
use pusht_play::{GuidedPolicy, PlayCommand, PlaySession, PlaySettings};

pub const SIMULATION: Simulation = Simulation::DIFFUSION_POLICY;

pub fn settings(out: &Path) -> PlaySettings {
    PlaySettings {
        address: "127.0.0.1:0".parse().unwrap(),
        first_seed: 3,
        ..PlaySettings::new(out)
    }
}

pub fn alone(out: &Path) -> PlaySession {
    PlaySession::open(&settings(out), None).unwrap()
}

/// Moves right of where it sees the disc, and to the height at which it saw it one step before.
pub struct Witness {
    /// How often it was told to begin anew.
    pub resets: Rc<Cell<usize>>,
}

impl Policy for Witness {
    fn name(&self) -> String {
        "witness".to_owned()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: Modality::State,
            history: 2,
        }
    }

    fn reset(&mut self, _envs: &[usize]) {
        self.resets.set(self.resets.get() + 1);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let [seen] = obs.observations else {
            panic!("one environment")
        };
        let agent = |index: usize| match &seen[index] {
            Observation::State([x, y, ..]) => [*x, *y],
            other => panic!("{other:?}"),
        };
        out[0] = witnessed(agent(0), agent(1));
        Ok(())
    }
}

/// What the witness does, after it saw the disc at these places.
pub fn witnessed(before: [f64; 2], now: [f64; 2]) -> Action {
    [(now[0] + 5.0) as f32, before[1] as f32]
}

pub fn witness() -> (GuidedPolicy, Rc<Cell<usize>>) {
    let resets = Rc::new(Cell::new(0));
    let policy = Witness { resets: resets.clone() };
    (GuidedPolicy::new(Box::new(policy), None, SIMULATION), resets)
}

pub fn point(session: &mut PlaySession, [x, y]: [f64; 2], down: bool) {
    session.handle(PlayCommand::Move { x, y, down }).unwrap();
}

/// Brings the pointer from elsewhere onto the disc, which starts the clock.
pub fn touch(session: &mut PlaySession) {
    let [x, y] = session.view().agent;
    point(session, [(x + 200.0) % 512.0, y], false);
    assert!(!session.is_running());
    point(session, [x + 3.0, y - 4.0], false);
    assert!(session.is_running());
}

/// Targets that need all their digits.
pub fn path(step: usize) -> [f64; 2] {
    let t = step as f64;
    [256.0 + 170.0 * (0.13 * t).sin(), 256.0 + 140.0 * (0.29 * t + 1.0).cos()]
}

/// Leads the disc along the path.
pub fn lead(session: &mut PlaySession, steps: std::ops::Range<usize>) {
    for step in steps {
        point(session, path(step), false);
        session.tick().unwrap();
    }
}
