//! The end of a clip, and what a rollout costs that is to reach it.

use pusht_env::Pose;
use pusht_vision::geometry::apart;

use super::branch::Beam;
use super::condition::End;
use super::end_distance::corners_apart;
use super::flow::PathFlow;
use super::settings::PlanSettings;

/// Confidence of the tracked T below which it loses its form; demonstrations have 0.95.
const FORM: f64 = 0.85;
/// Cost of a T without any form, and of an agent or a T that is not found, in steps or px.
const FORMLESS: f64 = 100.0;
/// Speed of the agent, px per step: what is further away at the end than it comes at this speed is too far.
const REACH: f64 = 12.0;
/// Weight of the agent's distance from its end beside that of the T.
const AGENT_WEIGHT: f64 = 0.5;
/// px of the T's distance that a step too late counts as.
const TOO_LATE: f64 = 2.0;

/// The end of a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    pub block: Pose,
    /// The agent, if the last frame is prescribed; then the clip has all of its steps.
    pub agent: Option<[f64; 2]>,
    /// Steps, at most.
    pub steps: usize,
}

impl Target {
    /// Steps that a rollout has left.
    pub fn left(&self, beam: &Beam) -> usize {
        self.steps - beam.steps
    }

    /// The end as the path network knows it.
    pub fn end(&self, beam: &Beam) -> End {
        End {
            block: self.block,
            agent: self.agent,
            left: self.agent.is_some().then(|| self.left(beam)),
        }
    }

    /// Mean displacement of the T's corners, plus the agent's distance where it is prescribed.
    pub fn distance(&self, beam: &Beam) -> f64 {
        let block = corners_apart(beam.block, self.block);
        let agent = self.agent.map_or(0.0, |p| apart(beam.history.agent.position, p));
        block + AGENT_WEIGHT * agent + if beam.lost { FORMLESS } else { 0.0 }
    }

    /// What rollouts have left to do, in steps; with a prescribed last frame, how far from it they are going to end, px.
    pub fn costs(&self, beams: &[&Beam], flow: &PathFlow, settings: &PlanSettings) -> Vec<f64> {
        let cases: Vec<_> = beams.iter().map(|beam| (beam.situation(), self.end(beam))).collect();
        let cost = |(beam, steps): (&&Beam, f64)| {
            let block = corners_apart(beam.block, self.block);
            let form = (FORM - beam.seen.block_confidence).max(0.0) + f64::from(u8::from(beam.lost));
            let ahead = match (self.agent, self.left(beam)) {
                (None, _) => settings.value_weight * steps + settings.distance_weight * block,
                (Some(_), 0) => self.distance(beam),
                (Some(there), left) => {
                    let agent = apart(beam.history.agent.position, there) - REACH * left as f64;
                    block + AGENT_WEIGHT * agent.max(0.0) + TOO_LATE * (steps - left as f64).max(0.0)
                }
            };
            ahead + FORMLESS * form
        };
        beams.iter().zip(flow.steps_left(&cases)).map(cost).collect()
    }
}
