//! Random play in the simulator: an agent that wanders and pushes, without a task.
//!
//! Every course is played anew from its seed, so that no step is seen twice.

use std::sync::{Arc, Mutex, PoisonError};

use pusht_env::{EnvConfig, FillRule, Frame, GOAL, Pose, PushT, Renderer, Scene, State};
use pusht_vision::{Tracked, Tracker, unwrap_angle};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;

use crate::data::{Course, DIFFERENT, Recordings};
use crate::palette::{IndexedFrame, Palette, SIDE};
use crate::window::{Point, in_frame};

/// Pixels of a model's frame that may differ from the game's before the T is tracked in it.
const AS_GOOD: usize = 8;
/// How far the model's T may be from the game's, board px and radians; beyond it is lost.
const FAR: f64 = 40.0;
const FAR_TURNED: f64 = 0.5;
/// Confidence of the tracker below which the T is lost.
const DOUBTFUL: f64 = 0.6;
/// Steps played before a course begins, at most.
const WARM_UP: usize = 12;
/// Nominal number of items: every course is new, whatever its item.
const ITEMS: usize = 1 << 20;
/// Margin of start positions to the border of the board, px.
const AGENT_MARGIN: f64 = 20.0;
/// The T's center of gravity in its own coordinates, px.
const CENTER: f64 = 45.0;

/// Random play.
#[derive(Clone)]
pub struct RandomPlay<'a> {
    palette: &'a Palette,
    /// Renderers that are not in use, for each fill rule: a renderer keeps the board that it drew last.
    idle: Arc<[Mutex<Vec<Renderer>>; 2]>,
    /// The tracker of boards with the usual goal.
    tracker: Arc<Tracker>,
}

impl<'a> RandomPlay<'a> {
    pub fn new(palette: &'a Palette) -> Self {
        Self {
            palette,
            idle: Default::default(),
            tracker: Arc::new(tracker(GOAL)),
        }
    }

    fn drawn(&self, old: bool, scene: &Scene) -> IndexedFrame {
        let idle = &self.idle[usize::from(old)];
        let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut renderer = kept.unwrap_or_else(|| renderer(old));
        let frame = self.palette.index(&renderer.render(scene));
        if scene.goal == GOAL {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(renderer);
        }
        frame.expect("the renderer's frames are 96 × 96 px")
    }

    /// Where the T is in a frame, if it is found near the game's.
    fn seen(&self, frame: &Frame, env: &PushT) -> Option<Pose> {
        let (goal, state) = (env.scene().goal, env.state());
        let last = Tracked::from(state);
        let seen = if goal == GOAL {
            self.tracker.track_after(frame, Some(&last))
        } else {
            tracker(goal).track_after(frame, Some(&last))
        };
        let seen = seen.ok()?;
        let (block, last) = (seen.block?, state.block);
        let [from, to] = [last, block].map(center);
        let turned = unwrap_angle(last.angle, block.angle) - last.angle;
        let near = (from[0] - to[0]).hypot(from[1] - to[1]) < FAR && turned.abs() < FAR_TURNED;
        (near && seen.block_confidence > DOUBTFUL).then_some(block)
    }
}

fn tracker(goal: Pose) -> Tracker {
    Tracker::new(goal).expect("the goal is finite")
}

fn renderer(old: bool) -> Renderer {
    let rule = if old { FillRule::Pygame25 } else { FillRule::Pygame26 };
    Renderer::new(SIDE as u32, rule).expect("96 px is a size of the renderer")
}

impl<'a> Recordings for RandomPlay<'a> {
    type Course = PlayCourse<'a>;

    fn items(&self) -> usize {
        ITEMS
    }

    fn course(&self, _: usize, steps: usize, seed: u64) -> PlayCourse<'a> {
        let mut game = Game::new(seed);
        let memory = self.drawn(game.old, &game.earlier());
        let mut before = game.env.scene();
        for _ in 0..game.rng.random_range(0..=WARM_UP) {
            before = game.env.scene();
            game.step();
        }
        let now = game.env.scene();
        game.step();
        let after = game.env.scene();
        let agent = [&now, &after].map(|scene| in_frame(scene.agent));
        let frames = [before, now, after].map(|scene| self.drawn(game.old, &scene));
        PlayCourse {
            play: self.clone(),
            steps,
            memory,
            frames,
            agent,
            game,
        }
    }
}

/// A game that goes on from where the model's T is.
pub struct PlayCourse<'a> {
    play: RandomPlay<'a>,
    game: Game,
    steps: usize,
    memory: IndexedFrame,
    frames: [IndexedFrame; 3],
    agent: [Point; 2],
}

impl Course for PlayCourse<'_> {
    fn steps(&self) -> usize {
        self.steps
    }

    fn memory(&self) -> &IndexedFrame {
        &self.memory
    }

    fn frames(&self) -> [&IndexedFrame; 3] {
        self.frames.each_ref()
    }

    fn agent(&self) -> [Point; 2] {
        self.agent
    }

    /// If the model's frame differs, the T is tracked in it and the game's is put there: the next frame shows a whole T
    /// that moves on from where the model has it.
    fn follow(&mut self, own: &IndexedFrame, palette: &Palette) -> bool {
        let mut known = true;
        if palette.differing(own, &self.frames[2], DIFFERENT) > AS_GOOD {
            match self.play.seen(&palette.paint(own), &self.game.env) {
                Some(block) => {
                    self.game.move_block(block);
                    self.frames[2] = self.play.drawn(self.game.old, &self.game.env.scene());
                }
                None => known = false,
            }
        }
        self.game.step();
        let after = self.game.env.scene();
        self.frames.rotate_left(1);
        self.frames[2] = self.play.drawn(self.game.old, &after);
        self.agent = [self.agent[1], in_frame(after.agent)];
        known
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
        // Near the T, so that most courses have a push.
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

    /// The board at an earlier time, with the T and the agent where they were then: here at random.
    fn earlier(&mut self) -> Scene {
        let mut scene = self.env.scene();
        if self.rng.random() {
            scene.block = pose(&mut self.rng);
            scene.agent = [0, 1].map(|_| self.rng.random_range(AGENT_MARGIN..512.0 - AGENT_MARGIN));
        }
        scene
    }

    /// Puts the T elsewhere in the midst of the game.
    fn move_block(&mut self, block: Pose) {
        let state = State {
            block,
            ..self.env.state()
        };
        let velocity = self.env.agent_velocity();
        self.env.place(state, velocity).expect("the pose is finite");
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
    fn a_course_depends_on_its_seed_only() {
        let palette = Palette::fit(&frames(20, 1), 24);
        let play = RandomPlay::new(&palette);
        let shown = |item, seed| {
            let course = play.course(item, 3, seed);
            let frames = course.frames().map(Clone::clone);
            (
                frames,
                course.agent().map(|x| x.map(f32::to_bits)),
                course.memory().clone(),
            )
        };
        let first = shown(0, 5);
        assert!(first != shown(0, 6));
        assert!(first == shown(9, 5));
    }

    #[test]
    fn a_game_goes_on_from_where_the_frame_has_the_t() {
        let palette = Palette::fit(&frames(20, 1), 24);
        let play = RandomPlay::new(&palette);
        for seed in 0..40 {
            let mut course = play.course(0, 3, seed);
            let mut moved = course.game.env.scene();
            (moved.block.x, moved.block.y) = (moved.block.x + 9.0, moved.block.y - 6.0);
            let own = play.drawn(course.game.old, &moved);
            let state = course.game.env.state();
            assert!(course.follow(&own, &palette), "game {seed}");
            let mut wrong = [0, 1].map(|_| 0.0);
            // The frame at the step has the T where the model's frame has it.
            let tracker = Tracker::new(moved.goal).unwrap();
            let seen = tracker
                .track(&palette.paint(course.frames()[1]))
                .unwrap()
                .block
                .unwrap();
            for (wrong, block) in wrong.iter_mut().zip([moved.block, state.block]) {
                let [a, b] = [seen, block].map(center);
                *wrong = (a[0] - b[0]).hypot(a[1] - b[1]);
            }
            assert!(wrong[0] < 5.0 && wrong[1] > 6.0, "game {seed}: {wrong:?}");
        }
    }
}
