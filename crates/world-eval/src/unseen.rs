//! Scenes that a world was not trained on: another goal, other colors, a larger agent.

use std::array;

use pusht_data::{History, WorldModel, WorldModelError};
use pusht_env::{AGENT_RADIUS, Action, EnvConfig, Frame, GOAL, Pose};
use pusht_jobs::JobContext;
use pusht_vision::{FrameMeasures, Tracker};
use traj_metrics::Summary;

use crate::PIXEL;
use crate::error::WorldEvalError;
use crate::expert::ExpertPaths;
use crate::judge::corner_distance;
use crate::request::{PathClip, PathRequest};
use crate::rollout::roll_out;

/// Numbers of steps after which the T is compared with the simulator's; the last is the clips' length.
const STEPS: [usize; 2] = [16, 47];
/// The agent's two discs: radius, board px, and color.
const DISCS: [(f64, [u8; 3]); 2] = [(AGENT_RADIUS, [65, 105, 225]), (11.0, [78, 126, 255])];

/// A scene that a world may not know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnseenScene {
    /// Name in a table.
    pub name: &'static str,
    /// Goal pose.
    pub goal: Pose,
    /// Two channels of the colors (0 red, 1 green, 2 blue) that the world sees swapped; its frames are swapped back.
    pub swapped: [usize; 2],
    /// Size of the agent in the given frames, 1 for the usual one.
    pub agent: f64,
}

/// What a world does in a scene.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct UnseenMeasures {
    /// Share of frames with exactly one agent.
    pub one_agent: f64,
    /// Mean area of the agent in the last frames, relative to the usual one.
    pub agent_area: f64,
    /// Distance of the T from the simulator's after 16 and 47 steps, median, as [`corner_distance`]; 96 where no T is seen.
    pub off: [f64; 2],
}

impl UnseenScene {
    /// The scene as it is trained on, for comparison, and five others.
    pub const ALL: [Self; 6] = [
        Self::usual("as trained"),
        Self {
            goal: Pose::new(160.0, 330.0, 2.4),
            ..Self::usual("goal elsewhere")
        },
        Self {
            swapped: [0, 1],
            ..Self::usual("red and green swapped")
        },
        Self {
            swapped: [0, 2],
            ..Self::usual("red and blue swapped")
        },
        Self {
            agent: 1.1,
            ..Self::usual("agent 10 % larger")
        },
        Self {
            agent: 1.3,
            ..Self::usual("agent 30 % larger")
        },
    ];

    const fn usual(name: &'static str) -> Self {
        Self {
            name,
            goal: GOAL,
            swapped: [0, 0],
            agent: 1.0,
        }
    }

    /// Lets the expert play clips of 48 frames from new starts, and the world follow the same actions.
    ///
    /// # Errors
    /// Those of [`ExpertPaths::play`] and [`roll_out`].
    pub fn measure(
        &self,
        world: &dyn WorldModel,
        clips: usize,
        ctx: &mut JobContext,
    ) -> Result<UnseenMeasures, WorldEvalError> {
        let [_, last] = STEPS;
        let paths = ExpertPaths {
            env: EnvConfig::gym_pusht().with_goal(self.goal),
            ..ExpertPaths::new(clips, last + 1)
        };
        let clips = paths.play(ctx)?;
        let requests: Vec<PathRequest> = clips.iter().map(|clip| self.request(clip)).collect();
        let swapped = Swapped {
            world,
            channels: self.swapped,
        };
        let shown = roll_out(&swapped, &requests, ctx)?;
        let tracker = Tracker::new(self.goal)?;
        let (mut one, mut areas, mut off) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
        for (clip, frames) in clips.iter().zip(&shown) {
            for frame in &frames[1..] {
                one.push(f64::from(u8::from(FrameMeasures::of(frame)?.agents == 1)));
            }
            areas.push(FrameMeasures::of(&frames[last])?.agent_area);
            for (off, step) in off.iter_mut().zip(STEPS) {
                let block = tracker.track(&frames[step])?.block;
                off.push(block.map_or(96.0, |block| corner_distance(block, clip.states[step].block)));
            }
        }
        let [after16, after47] = &off;
        Ok(UnseenMeasures {
            one_agent: Summary::of(&one)?.mean,
            agent_area: Summary::of(&areas)?.mean,
            off: [Summary::of(after16)?.median, Summary::of(after47)?.median],
        })
    }

    /// The path of a clip, with the agent's size in the given frames.
    fn request(&self, clip: &PathClip) -> PathRequest {
        let mut request = clip.request.clone();
        if self.agent != 1.0 {
            let center = request.agent.position.map(|x| x / PIXEL - 0.5);
            draw_agent(&mut request.previous, center, self.agent);
            draw_agent(&mut request.start, center, self.agent);
        }
        request
    }
}

/// Draws the agent over a frame, `factor` times as large.
fn draw_agent(frame: &mut Frame, center: [f64; 2], factor: f64) {
    for (x, y, pixel) in frame.enumerate_pixels_mut() {
        let away = (f64::from(x) - center[0]).hypot(f64::from(y) - center[1]);
        for (radius, color) in DISCS {
            let share = (radius / PIXEL * factor + 0.5 - away).clamp(0.0, 1.0);
            let mix = |old: u8, new: u8| (f64::from(old) * (1.0 - share) + f64::from(new) * share).round() as u8;
            pixel.0 = array::from_fn(|k| mix(pixel.0[k], color[k]));
        }
    }
}

/// A world that sees two channels of the colors swapped.
struct Swapped<'a> {
    world: &'a dyn WorldModel,
    channels: [usize; 2],
}

impl Swapped<'_> {
    fn swap(&self, frame: &mut Frame) {
        let [a, b] = self.channels;
        frame.pixels_mut().for_each(|pixel| pixel.0.swap(a, b));
    }
}

impl WorldModel for Swapped<'_> {
    fn name(&self) -> String {
        self.world.name()
    }

    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        let mut seen = histories.to_vec();
        for history in &mut seen {
            for frame in [&mut history.first, &mut history.previous, &mut history.current] {
                self.swap(frame);
            }
        }
        let mut next = self.world.step(&seen, actions)?;
        next.iter_mut().for_each(|frame| self.swap(frame));
        Ok(next)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::simulator::SimulatorWorld;

    /// A world in which nothing moves.
    struct Still;

    impl WorldModel for Still {
        fn name(&self) -> String {
            "still".to_owned()
        }

        fn step(&self, histories: &[History], _: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
            Ok(histories.iter().map(|history| history.current.clone()).collect())
        }
    }

    #[test]
    fn scenes_differ_in_what_they_say() {
        let mut ctx = JobContext::silent();
        let [usual, goal, swapped, .., larger] = UnseenScene::ALL;
        let still = usual.measure(&Still, 2, &mut ctx).unwrap();
        assert!(
            still.one_agent == 1.0 && (still.agent_area - 1.0).abs() < 0.1,
            "{still:?}"
        );
        // Colors are swapped back.
        assert_eq!(swapped.measure(&Still, 2, &mut ctx).unwrap(), still);
        let larger = larger.measure(&Still, 2, &mut ctx).unwrap();
        assert!(
            (1.4..2.0).contains(&(larger.agent_area / still.agent_area)),
            "{larger:?}"
        );
        // The T is compared where that scene's simulator has it.
        let world = SimulatorWorld::new(EnvConfig::gym_pusht().with_goal(goal.goal)).unwrap();
        let exact = goal.measure(&world, 2, &mut ctx).unwrap();
        assert!(exact.off[1] < 1.0, "{exact:?}");
    }
}
