//! How near clips came to their ends.

use std::fmt;

use eval::{POSE_ANGLE_DEGREES, POSE_DISTANCE};
use pusht_data::ClipEnd;
use pusht_jobs::counted;
use serde::Serialize;
use traj_metrics::Summary;

use crate::record::{ClipRecord, Generation};

/// Number of clips that are named as not having reached their end.
const NAMED: usize = 8;

/// How near the clips of a folder came to their ends, as their model says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ArrivalSummary {
    /// Number of clips that it is known of.
    pub clips: usize,
    /// Number of clips that reached their end: the T is within 20 px of the 512 board and 20° of it in the model's last
    /// frame, in which agent and T are seen; or [exactly](ArrivalSummary::exact).
    pub reached: usize,
    /// Number of clips whose last frame is the prescribed one, or whose T rests on its goal.
    pub exact: usize,
    /// Median distance of the T's center from its end, px of the 512 board.
    pub median_px: f64,
    /// Median angle between the T's pose and its end, degrees.
    pub median_degrees: f64,
    /// Median number of frames.
    pub median_frames: f64,
    /// Clips that did not reach their end, each with its distance, px, and angle, degrees.
    pub missed: Vec<(usize, f64, f64)>,
}

impl Generation {
    /// How near the clips came to their ends; `None` if the model does not say so.
    pub fn arrivals(&self) -> Option<ArrivalSummary> {
        let told = |(index, clip): (usize, &ClipRecord)| {
            let frames = clip.length.unwrap_or(self.plan.frames);
            clip.arrival.map(|end| (index, end, frames as f64))
        };
        let ends: Vec<_> = self.clips.iter().enumerate().filter_map(told).collect();
        let near = |end: &ClipEnd| end.seen && end.px <= POSE_DISTANCE && end.degrees <= POSE_ANGLE_DEGREES;
        let missed = ends.iter().filter(|(_, end, _)| !end.reached && !near(end));
        Some(ArrivalSummary {
            clips: ends.len(),
            reached: ends.len() - missed.clone().count(),
            exact: ends.iter().filter(|(_, end, _)| end.reached).count(),
            median_px: median(ends.iter().map(|(_, end, _)| end.px))?,
            median_degrees: median(ends.iter().map(|(_, end, _)| end.degrees))?,
            median_frames: median(ends.iter().map(|(.., frames)| *frames))?,
            missed: missed.map(|(index, end, _)| (*index, end.px, end.degrees)).collect(),
        })
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    Summary::of(&values).ok().map(|summary| summary.median)
}

impl fmt::Display for ArrivalSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} reached the end (the T within {} px of the 512 board and {}° of it), {} of them exactly (the last frame is \
             the prescribed one, or the T rests on its goal); in the median {:.1} px and {:.1}° off; {:.0} frames in the median",
            self.reached,
            counted(self.clips, "clip"),
            POSE_DISTANCE,
            POSE_ANGLE_DEGREES,
            self.exact,
            self.median_px,
            self.median_degrees,
            self.median_frames
        )?;
        if self.missed.is_empty() {
            return Ok(());
        }
        let named = self.missed.iter().take(NAMED);
        let named: Vec<String> = named
            .map(|(index, px, degrees)| format!("{index:04} ({px:.0} px, {degrees:.0}°)"))
            .collect();
        let rest = match self.missed.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        write!(f, "\nnot reached, kept as they are: {}{rest}", named.join(", "))
    }
}
