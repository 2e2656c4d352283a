//! Random play in the simulator: an agent that wanders and pushes, without a task.
//!
//! Every piece is played anew from its seed, so that no step is seen twice.

use std::sync::{Mutex, PoisonError};

use pusht_env::{EnvConfig, FillRule, Frame, GOAL, Pose, PushT, Renderer, Scene, State};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;

use crate::data::{Piece, Pieces};
use crate::palette::{IndexedFrame, Palette, SIDE};
use crate::window::in_frame;

/// Steps played before a piece begins, at most.
const WARM_UP: usize = 12;
/// Nominal number of items: every piece is new, whatever its item.
const ITEMS: usize = 1 << 20;
/// Margin of start positions to the border of the board, px.
const AGENT_MARGIN: f64 = 20.0;
/// The T's center of gravity in its own coordinates, px.
const CENTER: f64 = 45.0;

/// Random play.
#[derive(Debug)]
pub struct RandomPlay<'a> {
    palette: &'a Palette,
    /// Renderers that are not in use, for each fill rule: a renderer keeps the board that it drew last.
    idle: [Mutex<Vec<Renderer>>; 2],
}

impl<'a> RandomPlay<'a> {
    pub fn new(palette: &'a Palette) -> Self {
        Self {
            palette,
            idle: Default::default(),
        }
    }

    fn drawn(&self, old: bool, scenes: &[Scene]) -> Vec<IndexedFrame> {
        let idle = &self.idle[usize::from(old)];
        let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut renderer = kept.unwrap_or_else(|| renderer(old));
        let draw = |scene| {
            let frame = self.palette.index(&renderer.render(scene));
            frame.unwrap_or_else(|| IndexedFrame(vec![0; SIDE * SIDE].into()))
        };
        let frames = scenes.iter().map(draw).collect();
        if scenes.iter().all(|scene| scene.goal == GOAL) {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(renderer);
        }
        frames
    }
}

fn renderer(old: bool) -> Renderer {
    let rule = if old { FillRule::Pygame25 } else { FillRule::Pygame26 };
    Renderer::new(SIDE as u32, rule).expect("96 px is a size of the renderer")
}

impl Pieces for RandomPlay<'_> {
    fn items(&self) -> usize {
        ITEMS
    }

    fn piece(&self, _: usize, steps: usize, seed: u64) -> Piece {
        let mut game = Game::new(seed);
        let warm_up = game.rng.random_range(0..=WARM_UP);
        let mut scenes = vec![game.env.scene()];
        for _ in 0..warm_up {
            scenes[0] = game.env.scene();
            game.step();
        }
        scenes.push(game.env.scene());
        for _ in 0..steps {
            game.step();
            scenes.push(game.env.scene());
        }
        let mut frames = self.drawn(game.old, &scenes);
        Piece {
            before: frames.remove(0),
            frames,
            agent: scenes[1..].iter().map(|scene| in_frame(scene.agent)).collect(),
        }
    }
}

/// Frames of random play, for a palette.
pub fn frames(count: u64, seed: u64) -> Vec<Frame> {
    let drawn = (0..count).into_par_iter().map(|i| {
        let mut game = Game::new(nn_kit::mix_seed(seed, i));
        for _ in 0..4 {
            game.step();
        }
        renderer(game.old).render(&game.env.scene())
    });
    drawn.collect()
}

/// One game: a start at random and a player.
struct Game {
    env: PushT,
    /// Whether it is drawn by the older fill rule.
    old: bool,
    player: Player,
    rng: Pcg64,
}

impl Game {
    fn new(seed: u64) -> Self {
        let mut rng = Pcg64::seed_from_u64(seed);
        // Most boards have the goal of the references; the others teach that the goal can be anywhere.
        let goal = if rng.random::<f64>() < 0.7 {
            GOAL
        } else {
            pose(&mut rng)
        };
        let old = rng.random();
        let config = EnvConfig {
            goal,
            ..EnvConfig::default()
        };
        let mut env = PushT::new(config).expect("the goal is finite");
        let block = pose(&mut rng);
        // Near the T, so that most pieces have a push.
        let away = 50.0 + 110.0 * rng.random::<f64>();
        let direction = std::f64::consts::TAU * rng.random::<f64>();
        let center = center(block);
        let inside = |x: f64| x.clamp(AGENT_MARGIN, 512.0 - AGENT_MARGIN);
        let agent = [
            inside(center[0] + away * direction.cos()),
            inside(center[1] + away * direction.sin()),
        ];
        // Through the references' reset: an overlap is pushed apart by one substep.
        env.reset_to(State { agent, block }).expect("the state is finite");
        Self {
            player: Player::new(agent),
            env,
            old,
            rng,
        }
    }

    fn step(&mut self) {
        let target = self.player.target(self.env.state(), &mut self.rng);
        self.env.step(target).expect("the target is finite");
    }
}

/// A pose on the board, also with parts near a wall.
fn pose(rng: &mut Pcg64) -> Pose {
    let mut between = |from: f64, to: f64| from + (to - from) * rng.random::<f64>();
    let angle = between(0.0, std::f64::consts::TAU);
    let middle = [between(70.0, 442.0), between(70.0, 442.0)];
    let (sin, cos) = angle.sin_cos();
    Pose::new(middle[0] + CENTER * sin, middle[1] - CENTER * cos, angle)
}

/// Center of gravity.
fn center(block: Pose) -> [f64; 2] {
    let (sin, cos) = block.angle.sin_cos();
    [block.x - CENTER * sin, block.y + CENTER * cos]
}

/// Moves a target about the board: toward a goal point at some speed, with noise; goal points are on and beyond the T (a
/// push), anywhere (a walk), or where the agent is (a pause).
struct Player {
    target: [f64; 2],
    toward: [f64; 2],
    speed: f64,
    left: usize,
}

impl Player {
    fn new(agent: [f64; 2]) -> Self {
        Self {
            target: agent,
            toward: agent,
            speed: 0.0,
            left: 0,
        }
    }

    fn target(&mut self, state: State, rng: &mut Pcg64) -> [f32; 2] {
        if self.left == 0 {
            self.choose(state, rng);
        }
        self.left -= 1;
        let gap = [self.toward[0] - self.target[0], self.toward[1] - self.target[1]];
        let length = gap[0].hypot(gap[1]).max(1e-9);
        let step = self.speed.min(length);
        for axis in 0..2 {
            let noise = 4.0 * (rng.random::<f64>() - 0.5);
            self.target[axis] = (self.target[axis] + gap[axis] / length * step + noise).clamp(0.0, 512.0);
        }
        self.target.map(|x| x as f32)
    }

    fn choose(&mut self, state: State, rng: &mut Pcg64) {
        self.left = rng.random_range(4..=16);
        // Steps of the demonstrations are 9 px in the mean, 28 in one of twenty.
        self.speed = 3.0 + 45.0 * rng.random::<f64>().powi(2);
        let center = center(state.block);
        let kind: f64 = rng.random();
        let mut about = |middle: [f64; 2], spread: f64| middle.map(|x| x + spread * (2.0 * rng.random::<f64>() - 1.0));
        if kind < 0.6 {
            // Through the T to the other side.
            let on = about(center, 50.0);
            let from = state.agent;
            let beyond = 1.0 + 0.8 * rng.random::<f64>();
            self.toward = [0, 1].map(|k| from[k] + beyond * (on[k] - from[k]));
        } else if kind < 0.9 {
            self.toward = about([256.0, 256.0], 250.0);
        } else {
            self.toward = self.target;
        }
        self.toward = self.toward.map(|x| x.clamp(0.0, 512.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn play_walks_and_pushes_as_people_do() {
        let (mut steps, mut pushes, mut long, mut length, mut at_border) = (0, 0, 0, 0.0, 0);
        for seed in 0..300 {
            let mut game = Game::new(seed);
            for _ in 0..20 {
                let before = game.env.state();
                game.step();
                let after = game.env.state();
                let step = (after.agent[0] - before.agent[0]).hypot(after.agent[1] - before.agent[1]);
                steps += 1;
                length += step;
                long += usize::from(step > 28.0);
                pushes += usize::from(after.block != before.block);
                at_border += usize::from(center(after.block).iter().any(|x| !(80.0..432.0).contains(x)));
            }
        }
        let share = |n: usize| n as f64 / f64::from(steps);
        let (pushed, mean) = (share(pushes), length / f64::from(steps));
        eprintln!(
            "pushed {pushed:.3}, step {mean:.1} px, long {:.3}, at the border {:.3}",
            share(long),
            share(at_border)
        );
        assert!((0.3..0.7).contains(&pushed), "{pushed}");
        assert!((5.0..15.0).contains(&mean), "{mean}");
    }

    #[test]
    fn a_piece_depends_on_its_seed_only() {
        let palette = Palette::fit(&frames(20, 1), 24);
        let play = RandomPlay::new(&palette);
        let text = |piece: Piece| format!("{piece:?}");
        let first = text(play.piece(0, 3, 5));
        assert_ne!(first, text(play.piece(0, 3, 6)));
        assert_eq!(first, text(play.piece(9, 3, 5)));
        let piece = play.piece(0, 3, 5);
        assert_eq!((piece.agent.len(), piece.steps()), (4, 3));
    }
}
