//! What a pixel world does where it was not trained: another goal, other colors, a larger agent. The expert plays from
//! new starts; the world follows the same actions, and its T is compared with the simulator's.
//!
//! `cargo run --release --example world_limits -- runs/pixel/world.safetensors` (without a file: the base world)
#![allow(clippy::print_stdout, reason = "the table is the output")]

use anyhow::Result;
use burn::tensor::Device;
use pixel_world::PixelWorld;
use pusht_data::{History, WorldModel, WorldModelError};
use pusht_env::{Action, EnvConfig, Frame, GOAL, Pose};
use pusht_jobs::JobContext;
use pusht_vision::{FrameMeasures, Tracker};
use world_eval::{ExpertPaths, PathClip, corner_distance, roll_out};

/// Channels of the colors that the world sees; the same order leads back.
struct Recolored(PixelWorld, [usize; 3]);

impl WorldModel for Recolored {
    fn name(&self) -> String {
        self.0.name()
    }

    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        let mut seen = histories.to_vec();
        for history in &mut seen {
            for frame in [&mut history.first, &mut history.previous, &mut history.current] {
                recolor(frame, self.1);
            }
        }
        let mut next = self.0.step(&seen, actions)?;
        next.iter_mut().for_each(|frame| recolor(frame, self.1));
        Ok(next)
    }
}

fn recolor(frame: &mut Frame, order: [usize; 3]) {
    frame.pixels_mut().for_each(|pixel| pixel.0 = order.map(|k| pixel.0[k]));
}

/// Draws the agent larger in the frames that are given.
fn enlarge(clip: &mut PathClip, factor: f64) {
    let at = clip.request.agent.position.map(|x| x * 96.0 / 512.0 - 0.5);
    for frame in [&mut clip.request.previous, &mut clip.request.start] {
        for (x, y, pixel) in frame.enumerate_pixels_mut() {
            let away = (f64::from(x) - at[0]).hypot(f64::from(y) - at[1]);
            let share = (15.0 * 96.0 / 512.0 * factor + 0.5 - away).clamp(0.0, 1.0);
            let mix = |old: u8, new: u8| (f64::from(old) * (1.0 - share) + f64::from(new) * share).round() as u8;
            pixel.0 = std::array::from_fn(|k| mix(pixel.0[k], [65, 105, 225][k]));
        }
    }
}

fn main() -> Result<()> {
    let (device, mut ctx) = (Device::flex(), JobContext::terminal()?);
    let world = match std::env::args().nth(1) {
        Some(file) => PixelWorld::load(file.as_ref(), &device)?,
        None => PixelWorld::base(&device)?,
    };
    println!("| scene | one agent | agent's area | T off after 16 steps, px of 96 | after 47 |\n|---|---|---|---|---|");
    for (scene, goal, order, factor) in [
        ("as trained", GOAL, [0, 1, 2], 1.0),
        ("goal elsewhere", Pose::new(160.0, 330.0, 2.4), [0, 1, 2], 1.0),
        ("red and green swapped", GOAL, [1, 0, 2], 1.0),
        ("red and blue swapped", GOAL, [2, 1, 0], 1.0),
        ("agent 10 % larger", GOAL, [0, 1, 2], 1.1),
        ("agent 30 % larger", GOAL, [0, 1, 2], 1.3),
    ] {
        let env = EnvConfig::gym_pusht().with_goal(goal);
        let mut clips = ExpertPaths {
            env,
            ..ExpertPaths::new(50, 48)
        }
        .play(&mut ctx)?;
        clips.iter_mut().for_each(|clip| enlarge(clip, factor));
        let requests: Vec<_> = clips.iter().map(|clip| &clip.request).collect();
        let shown = roll_out(&Recolored(world.clone(), order), &requests, &mut ctx)?;
        let tracker = Tracker::new(goal)?;
        let (mut one, mut area, mut off) = (0.0, 0.0, [16, 47].map(|step| (step, Vec::new())));
        for (clip, frames) in clips.iter().zip(&shown) {
            for frame in &frames[1..] {
                let seen = FrameMeasures::of(frame)?;
                one += f64::from(u8::from(seen.agents == 1)) / 47.0 / shown.len() as f64;
            }
            area += FrameMeasures::of(&frames[47])?.agent_area / shown.len() as f64;
            for (step, off) in &mut off {
                let block = tracker.track(&frames[*step])?.block;
                off.push(block.map_or(96.0, |block| corner_distance(block, clip.states[*step].block)));
            }
        }
        let median = off.map(|(_, mut off)| {
            off.sort_by(f64::total_cmp);
            off[off.len() / 2]
        });
        println!(
            "| {scene} | {one:.3} | {area:.2} | {:.2} | {:.2} |",
            median[0], median[1]
        );
    }
    Ok(())
}
