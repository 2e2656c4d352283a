//! The verdict over arms of made-up rollouts.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use eval::*;
use traj_metrics::Bootstrap;

/// Two seeds of eight starts each; scores grow with `level`.
fn arm(name: &str, role: Role, level: f64) -> Arm {
    let rollout = |seed: u64, start: u64| {
        let reward = level * (1.0 + 0.1 * ((3 * start + seed) % 4) as f64);
        EpisodeScores {
            start_seed: FIRST_START_SEED + start,
            steps: 200,
            mean_reward: reward,
            mean_reward_executed: reward,
            max_reward: reward,
            max_coverage: reward,
            final_coverage: reward,
            solved_after: None,
            pose_reached: false,
            final_agent: [100.0; 2],
            final_block: pusht_env::Pose::new(256.0, 250.0, 0.7),
        }
    };
    let seed = |seed: u64| SeedResult {
        seed,
        training: None,
        rollouts: (0..8).map(|start| rollout(seed, start)).collect(),
    };
    Arm::new(
        name,
        "made up",
        role,
        None,
        vec![seed(0), seed(1)],
        Bootstrap::default(),
    )
    .unwrap()
}

fn arms() -> Vec<Arm> {
    let mut arms: Vec<Arm> = [
        ("demo", 0.35),
        ("demo-matched", 0.28),
        ("generated", 0.18),
        ("mixed", 0.36),
    ]
    .map(|(name, level)| arm(name, Role::Trained, level))
    .into();
    arms.push(arm("still", Role::Floor, 0.01));
    arms
}

#[test]
fn a_verdict_needs_its_arms_and_the_same_starts() {
    let latent = |name: &str| Generator {
        name: name.into(),
        kind: GeneratorKind::ObjectLatent,
    };
    assert_eq!(latent("m").phrase(), "object-latent trajectories (not pixels) from m");
    let said = "object-latent trajectories (not pixels)";
    assert_eq!(latent(said).phrase(), said);
    let generator = || Generator {
        name: "g".into(),
        kind: GeneratorKind::Pixel,
    };
    let mut all = arms();
    all.retain(|a| a.name != "mixed");
    assert!(matches!(
        Verdict::of(&all, generator(), Bootstrap::default()),
        Err(VerdictError::Missing { arm, .. }) if arm == "mixed"
    ));
    let mut all = arms();
    let mixed = all.iter_mut().find(|a| a.name == "mixed").unwrap();
    mixed.seeds[0].rollouts[5].start_seed = 1;
    assert!(matches!(
        Verdict::of(&all, generator(), Bootstrap::default()),
        Err(VerdictError::Starts { episode: 5, .. })
    ));
}
