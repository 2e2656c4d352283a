//! Scores of inverse dynamics as text.

use std::fmt;

use serde::{Serialize, Serializer};
use traj_metrics::SequenceMeasures;

use crate::IdmScores;

/// The paper's own extraction error: L2 to the recorded actions, px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaperExtraction {
    /// Name of the reduction.
    pub name: &'static str,
    /// Mean, px.
    pub mean: f64,
    /// Standard deviation, px.
    pub sd: f64,
}

impl PaperExtraction {
    /// Both reductions.
    pub const ALL: [Self; 2] = [
        Self {
            name: "paper: mean reduction",
            mean: 122.56,
            sd: 67.67,
        },
        Self {
            name: "paper: another reduction",
            mean: 137.42,
            sd: 73.96,
        },
    ];

    /// Number of actions that the paper compared.
    pub const ACTIONS: usize = 22_414;
}

/// Serializes as `[name, mean, sd]`.
impl Serialize for PaperExtraction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.name, self.mean, self.sd).serialize(serializer)
    }
}

impl fmt::Display for IdmScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} test episodes. L2 to the recorded actions, px: mean ± SD; smoothness and directness of whole episodes\n\n\
             {:48} {:>18} {:>8} {:>9} {:>7} {:>11}",
            self.test_episodes, "", "L2, px", "actions", "velocity", "jerk", "directness"
        )?;
        let mut line = |name: &str, l2: String, actions: usize, m: Option<&SequenceMeasures>| {
            let number = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{x:.2}"));
            write!(
                f,
                "\n{name:48} {l2:>18} {actions:>8} {:>9} {:>7} {:>11}",
                number(m.map(|m| m.velocity.mean)),
                number(m.map(|m| m.jerk.mean)),
                number(m.and_then(|m| Some(m.directness.summary.as_ref()?.mean))),
            )
        };
        for row in &self.rows {
            let (l2, actions) = row.error.map_or(("–".to_owned(), 0), |e| (e.l2_px.text(), e.actions));
            line(&row.idm, l2, actions, row.measures.as_ref())?;
        }
        let recorded = &self.floors.actions;
        line("recorded", "–".to_owned(), recorded.actions, Some(recorded))?;
        for (name, floor) in [
            ("floor: constant", Some(&self.floors.constant)),
            ("floor: white noise", Some(&self.floors.white_noise)),
            ("floor: next position", self.floors.next_position.as_ref()),
        ] {
            if let Some(floor) = floor {
                line(name, floor.l2.text(), floor.measures.actions, Some(&floor.measures))?;
            }
        }
        for PaperExtraction { name, mean, sd } in PaperExtraction::ALL {
            line(name, format!("{mean:.2} ± {sd:.2}"), PaperExtraction::ACTIONS, None)?;
        }
        write!(f, "\n\nshare of the recorded coordinates within the 90 % interval")?;
        for row in &self.rows {
            for c in &row.coverage {
                write!(
                    f,
                    "\n{:32} {:18} {:6.1} %   {:6} actions, L2 {:.2} px",
                    row.idm,
                    c.of,
                    100.0 * c.held,
                    c.actions,
                    c.l2_px
                )?;
            }
        }
        Ok(())
    }
}
