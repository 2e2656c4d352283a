//! Observations of a world: its frames, the agent's position by the control law, and the T as tracked.

use pusht_env::{Frame, Modality, ObsSpec, Observation, Policy, PolicyError, Pose, bar_vertices, stem_vertices};
use pusht_vision::wrap;

/// The observations that a policy needs, if frames and the agent's position suffice for them.
///
/// # Errors
/// A policy without observations.
pub(super) fn needed(policy: &dyn Policy) -> Result<ObsSpec, PolicyError> {
    let spec = policy.needs();
    // Exhaustive: a new modality has to say here whether frames show it.
    match spec.modality {
        Modality::State | Modality::Keypoints | Modality::Pixels | Modality::PixelsAgentPos => {}
    }
    if spec.history == 0 {
        return Err(PolicyError::Failed {
            policy: policy.name(),
            reason: "it asks for a history of 0 observations; expected at least 1".to_owned(),
        });
    }
    Ok(spec)
}

/// What the policy sees of a world whose last frame is `frame`, with the agent at `agent` and the T at `block`.
pub(super) fn observe(modality: Modality, frame: &Frame, agent: [f64; 2], block: Pose) -> Observation {
    match modality {
        Modality::State => Observation::State([agent[0], agent[1], block.x, block.y, wrap(block.angle)]),
        Modality::Keypoints => {
            let corners = [bar_vertices(block), stem_vertices(block)];
            let mut environment_state = [0.0; 16];
            environment_state.copy_from_slice(corners.as_flattened().as_flattened());
            Observation::Keypoints {
                environment_state,
                agent_pos: agent,
            }
        }
        Modality::Pixels => Observation::Pixels(frame.clone()),
        Modality::PixelsAgentPos => Observation::PixelsAgentPos {
            pixels: frame.clone(),
            agent_pos: agent,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_env::{EnvConfig, Observer, PushT};

    #[test]
    fn observations_are_those_of_the_environment() {
        let config = EnvConfig::gym_pusht();
        let mut env = PushT::new(config).unwrap();
        env.reset(5).unwrap();
        let frame = match Observer::new(Modality::Pixels, &config).observe(&env) {
            Observation::Pixels(frame) => frame,
            other => panic!("{other:?}"),
        };
        let state = env.state();
        for modality in [
            Modality::State,
            Modality::Keypoints,
            Modality::Pixels,
            Modality::PixelsAgentPos,
        ] {
            let seen = observe(modality, &frame, state.agent, state.block);
            match (&seen, &Observer::new(modality, &config).observe(&env)) {
                (
                    Observation::Keypoints { environment_state, .. },
                    Observation::Keypoints {
                        environment_state: expected,
                        ..
                    },
                ) => {
                    let off = environment_state.iter().zip(expected).map(|(a, b)| (a - b).abs());
                    assert!(off.fold(0.0, f64::max) < 1e-9);
                }
                (Observation::State(row), Observation::State(expected)) => {
                    let off = row.iter().zip(expected).map(|(a, b)| (a - b).abs());
                    assert!(off.fold(0.0, f64::max) < 1e-9);
                }
                (seen, expected) => assert!(*seen == *expected),
            }
        }
    }
}
