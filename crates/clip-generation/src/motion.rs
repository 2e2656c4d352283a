//! Motion of agent and T from the object-latent model, compared with held-out demonstrations.

use std::fmt::Write as _;

use pusht_data::{Source, Split, SplitProtocol};
use pusht_env::State;
use serde::Serialize;
use traj_metrics::{MetricError, Order, smoothness};
use video_gen::{ContactMeasures, ObjectLatentModel, StateRequest};

use crate::endpoint::SplitName;
use crate::error::GenerationError;

/// Comparison of motion on the same clips: the demonstrations, and clips of the model from their first and last states,
/// and from their first states.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MotionReport {
    /// Number of clips.
    pub clips: usize,
    /// Frames per clip.
    pub frames: usize,
    /// In this order: the demonstrations; the model given first and last state; the model given the first state.
    #[serde(rename = "table")]
    pub rows: [MotionRow; 3],
}

/// Measures of motion of clips of states.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MotionRow {
    /// Name of the clips.
    #[serde(rename = "clips")]
    pub name: &'static str,
    /// Mean speed of the agent, px per step.
    pub velocity: f64,
    /// Mean norm of its second differences, px.
    pub acceleration: f64,
    /// Mean norm of its third differences, px.
    pub jerk: f64,
    /// Measures of contact: whether the T moves with the agent.
    pub contact: ContactMeasures,
}

impl MotionReport {
    /// Measures clips of the model's maximum length, with a stride of half of it, from the test part of
    /// `source`, or of its first `episodes` episodes; `seed` is that of the generated clips.
    ///
    /// # Errors
    /// Data without states, without an episode that is long enough, or that cannot be read.
    pub fn measure(
        model: &ObjectLatentModel,
        source: &Source,
        episodes: Option<usize>,
        seed: u64,
    ) -> Result<Self, GenerationError> {
        let frames = model.max_frames();
        let count = source.first(episodes)?;
        // The split of the models' training, of which `--episodes` takes a part.
        let split = Split::new(&source.lengths(), SplitProtocol::ByEpisode, 1, Split::SEED)?;
        let path = || source.path().to_path_buf();
        let mut real: Vec<Vec<State>> = Vec::new();
        for e in Split::episodes_of(&split.test).into_iter().filter(|&e| e < count) {
            let states = source.episode(e)?.states;
            let states = states.ok_or_else(|| GenerationError::NoStates { path: path() })?;
            real.extend(states.windows(frames).step_by(frames / 2).map(<[State]>::to_vec));
        }
        if real.is_empty() {
            return Err(GenerationError::TooShort {
                path: path(),
                part: SplitName::Test.name(),
                frames,
            });
        }
        let generate = |ends: bool| {
            let request = |(i, clip): (usize, &Vec<State>)| StateRequest {
                start: clip[0],
                end: ends.then(|| clip[frames - 1]),
                frames,
                seed: seed.wrapping_add(i as u64),
            };
            let requests: Vec<StateRequest> = real.iter().enumerate().map(request).collect();
            model.generate_states(&requests)
        };
        Ok(Self {
            clips: real.len(),
            frames,
            rows: [
                MotionRow::of("data", &real)?,
                MotionRow::of("start and end", &generate(true)?)?,
                MotionRow::of("start only", &generate(false)?)?,
            ],
        })
    }

    /// Formats a text table.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{} held-out clips of {} frames; px; T motion = path + 60 px x turn\n\
             \x20                velocity acceleration  jerk  T motion untouched  rest overlap\n",
            self.clips, self.frames
        );
        for row in &self.rows {
            let _ = writeln!(
                text,
                "{:<16} {:>8.2} {:>12.2} {:>5.2} {:>9.2} {:>8.1}% {:>4.1}% {:>7.2}",
                row.name,
                row.velocity,
                row.acceleration,
                row.jerk,
                row.contact.motion,
                100.0 * row.contact.motion_without_contact,
                100.0 * row.contact.rest,
                row.contact.overlap
            );
        }
        text
    }

    /// Conclusion from the table, in a sentence.
    pub fn conclusion(&self) -> String {
        let [data, model, _] = &self.rows;
        let times = |own: f64, other: f64| match other > 0.0 {
            true => format!("{:.1} times", own / other),
            false => "more than".to_owned(),
        };
        format!(
            "Between given first and last states, the T moves {} as far a step as in the demonstrations, {:.1}% of it \
             without the agent touching it (demonstrations: {:.1}%), and the agent's jerk is {} theirs.",
            times(model.contact.motion, data.contact.motion),
            100.0 * model.contact.motion_without_contact,
            100.0 * data.contact.motion_without_contact,
            times(model.jerk, data.jerk)
        )
    }
}

impl MotionRow {
    /// # Errors
    /// No clips, or clips of fewer than 4 states.
    fn of(name: &'static str, clips: &[Vec<State>]) -> Result<Self, MetricError> {
        let agent: Vec<Vec<[f64; 2]>> = clips.iter().map(|c| c.iter().map(|s| s.agent).collect()).collect();
        let mean = |order| smoothness(&agent, order).map(|s| s.mean);
        Ok(Self {
            name,
            velocity: mean(Order::Velocity)?,
            acceleration: mean(Order::Acceleration)?,
            jerk: mean(Order::Jerk)?,
            contact: ContactMeasures::of(clips),
        })
    }
}

#[cfg(test)]
mod tests {
    use pusht_env::Pose;

    use super::*;

    /// The agent moves away in increasing steps; the T moves without contact, or rests.
    fn clip(block_moves: f64) -> Vec<State> {
        let state = |i: i32| State {
            agent: [100.0, f64::from(i * i)],
            block: Pose::new(300.0, 300.0 + block_moves * f64::from(i), 0.0),
        };
        (0..5).map(state).collect()
    }

    #[test]
    fn the_table_and_its_sentence_name_what_was_measured() {
        let row = |name, moves| MotionRow::of(name, &[clip(moves)]).unwrap();
        let report = MotionReport {
            clips: 1,
            frames: 5,
            rows: [row("data", 1.0), row("start and end", 2.0), row("start only", 0.0)],
        };
        let data = &report.rows[0];
        assert_eq!((data.velocity, data.acceleration, data.jerk), (4.0, 2.0, 0.0));
        assert_eq!(report.rows[1].contact.motion_without_contact, 1.0);
        let text = report.table();
        assert!(text.contains("start only") && text.lines().count() == 5, "{text}");
        let sentence = report.conclusion();
        assert!(
            sentence.contains("2.0 times as far a step") && sentence.contains("100.0% of it"),
            "{sentence}"
        );
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["table"][1]["clips"], "start and end");
        assert_eq!(json.as_object().unwrap().len(), 3);
    }
}
