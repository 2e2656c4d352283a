//! The fast space and the general one give the same bits for a disc and a T.
#![allow(clippy::unwrap_used)]

use pusht_physics::{
    AgentPlan, BAR, BodyPlan, Pose, Quad, Rectangles, STEM, SUBSTEPS, ShapeError, ShapeSpace, TeeSpace,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

fn tee(pose: Pose) -> BodyPlan {
    BodyPlan {
        rectangles: Rectangles::new(&[BAR, STEM]).unwrap(),
        moment: 3000.0,
        center_of_gravity: [0.0, 45.0],
        pose,
    }
}

/// Where the references create agent and T before they set a state.
fn created() -> ShapeSpace {
    let disc = AgentPlan::Disc {
        radius: 15.0,
        position: [256.0, 400.0],
    };
    ShapeSpace::new(&disc, &tee(Pose::new(256.0, 300.0, 0.0)), 0.0).unwrap()
}

fn step(space: &mut ShapeSpace, target: [f64; 2]) -> u32 {
    let mut points = 0;
    for _ in 0..SUBSTEPS {
        let agent = space.agent();
        let velocity = [0, 1].map(|i| {
            let acceleration = 100.0 * (target[i] - agent.position[i]) + 20.0 * (0.0 - agent.velocity[i]);
            agent.velocity[i] + acceleration * 0.01
        });
        space.set_agent_velocity(velocity);
        points += space.substep();
    }
    points
}

#[test]
fn a_disc_and_a_t_move_alike_in_both() {
    let mut touched = 0;
    for seed in 0..40 {
        let mut rng = Pcg64::seed_from_u64(seed);
        let agent = [rng.random_range(50.0..450.0), rng.random_range(50.0..450.0)];
        let pose = Pose::new(
            rng.random_range(80.0..430.0),
            rng.random_range(80.0..430.0),
            rng.random_range(-4.0..4.0),
        );
        let mut fast = TeeSpace::reset(agent, pose, true);
        let mut general = created();
        general.set_agent_position(agent);
        general.set_block_pose(pose);
        general.substep();
        for t in 0..150 {
            // Some go far beyond the walls, with the T.
            let reach = if seed % 4 == 0 { 400.0 } else { 80.0 };
            let target = [fast.block_pose().x, fast.block_pose().y].map(|c| c + rng.random_range(-reach..reach));
            let points = [fast.step(target), step(&mut general, target)];
            touched += points[0];
            assert_eq!(points[0], points[1], "seed {seed}, step {t}");
            let (agent, block) = (general.agent(), general.block());
            assert_eq!(fast.agent_position(), agent.position, "seed {seed}, step {t}");
            assert_eq!(fast.agent_velocity(), agent.velocity);
            assert_eq!(fast.block_pose(), general.block_pose(), "seed {seed}, step {t}");
            assert_eq!(fast.block_velocity().linear, block.velocity);
            assert_eq!(fast.block_velocity().angular, block.angular_velocity);
            assert_eq!(fast.contact_ticks(), general.contact_ticks());
        }
    }
    assert!(touched > 10_000, "{touched}");
}

#[test]
fn an_agent_of_rectangles_is_stopped_by_a_wall_and_turned_by_the_block() {
    let bar: Quad = [[-20.0, -10.0], [20.0, -10.0], [20.0, 10.0], [-20.0, 10.0]];
    let agent = BodyPlan {
        rectangles: Rectangles::new(&[bar]).unwrap(),
        moment: 166.0,
        center_of_gravity: [0.0, 0.0],
        pose: Pose::new(60.0, 300.0, 0.0),
    };
    let start = ShapeSpace::new(&AgentPlan::Rectangles(agent), &tee(Pose::new(256.0, 256.0, 0.3)), 0.0).unwrap();
    let mut space = start;
    for _ in 0..300 {
        step(&mut space, [-5.0, 300.0]);
    }
    // The wall's inner side is at x = 7; the last tenth of a px of overlap is not corrected.
    let x = space.agent().position[0];
    assert!(x - 20.0 < 8.0 && x > 0.0, "{x}");
    let mut space = start;
    for _ in 0..300 {
        step(&mut space, [400.0, 275.0]);
    }
    assert!(space.agent().angle != 0.0);
    assert!(space.block_pose() != start.block_pose());
}

#[test]
fn plans_that_cannot_be_are_refused() {
    assert_eq!(Rectangles::new(&[]), Err(ShapeError::Count { found: 0 }));
    assert_eq!(Rectangles::new(&[BAR; 4]), Err(ShapeError::Count { found: 4 }));
    let [a, b, c, d] = BAR;
    for corners in [[b, a, c, d], [a, b, c, [f64::NAN, 30.0]], [a, a, a, a]] {
        assert!(matches!(Rectangles::new(&[corners]), Err(ShapeError::Corners { .. })));
    }
    let disc = |radius| AgentPlan::Disc {
        radius,
        position: [0.0; 2],
    };
    let still = Pose::new(0.0, 0.0, 0.0);
    for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let refused = ShapeSpace::new(&disc(radius), &tee(still), 0.0).unwrap_err();
        assert!(refused.to_string().contains("radius"), "{refused}");
    }
    let moment = BodyPlan {
        moment: 0.0,
        ..tee(still)
    };
    assert!(
        ShapeSpace::new(&disc(15.0), &moment, 0.0)
            .unwrap_err()
            .to_string()
            .contains("moment")
    );
    let far = tee(Pose::new(f64::NAN, 0.0, 0.0));
    assert!(
        ShapeSpace::new(&disc(15.0), &far, 0.0)
            .unwrap_err()
            .to_string()
            .contains("pose")
    );
    assert_eq!(
        ShapeSpace::new(&disc(15.0), &tee(still), -1.0),
        Err(ShapeError::Damping { found: -1.0 })
    );
}
