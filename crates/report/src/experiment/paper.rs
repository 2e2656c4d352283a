//! The paper's published numbers as far as they are known here, compared with ours. Unknown ones are `None` and printed
//! as "not given here"; none are estimated.

use super::fill::fit_own;
use super::{ExperimentReport, RowKind};
use serde::{Deserialize, Serialize};

/// A number of the paper, with ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaperRow {
    /// Its place in the paper, e.g. `Table 2, CNN`.
    pub item: String,
    /// The quantity, with unit.
    pub quantity: String,
    /// The paper's value; `None` if it is not known here.
    pub paper: Option<f64>,
    /// The paper's standard deviation, if it is known here.
    pub paper_sd: Option<f64>,
    /// Our values of the same quantity, under the protocol of the report.
    pub ours: Vec<OurValue>,
}

/// One of our values for a number of the paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OurValue {
    /// Arm, source of actions or inverse dynamics.
    pub name: String,
    /// The value.
    pub value: f64,
}

/// Table 2: policy, test MSE (px²), R², validation MSE (px²); split by frame, 80/10/10.
pub(crate) const TABLE_2: [(&str, f64, f64, f64); 2] =
    [("CNN", 419.0, 0.9568, 540.0), ("ResNet-18", 106.0, 0.9891, 90.0)];

/// A row of smoothness: name; velocity, acceleration, jerk as mean and SD; directness.
pub(crate) type ActionNumbers = (&'static str, [(f64, Option<f64>); 3], Option<f64>);

/// Table 4 and Figure 6, and the values of white noise of 16.7 px per axis with the same formulas.
pub(crate) const TABLE_4: [ActionNumbers; 3] = [
    (
        "paper: demonstrations",
        [(10.12, Some(8.32)), (5.36, Some(6.17)), (7.61, None)],
        Some(9.37),
    ),
    (
        "paper: extracted actions",
        [(29.56, None), (51.02, None), (93.03, None)],
        Some(96.61),
    ),
    (
        "independent draws of 16.7 px per axis",
        [(29.63, None), (51.28, None), (93.65, None)],
        None,
    ),
];

/// Distance of the paper's extracted actions to the recorded ones, px: reduction, mean, SD.
pub(crate) const EXTRACTION: [(&str, f64, f64); 2] = [
    ("paper: its inverse dynamics, mean reduction", 122.56, 67.67),
    ("paper: its inverse dynamics, another reduction", 137.42, 73.96),
];

/// Number of actions that the paper compared.
pub(crate) const EXTRACTION_FRAMES: usize = 22_414;

/// Table 5: lowest and highest mean reward per step of the paper's four policies.
pub(crate) const TABLE_5: [f64; 2] = [0.062, 0.080];

impl ExperimentReport {
    /// Compares the numbers of the paper's Tables 2, 4 and 5 and Figures 4, 6, 7, 8, 10 and 11 with ours.
    pub fn beside_the_paper(&self) -> Vec<PaperRow> {
        let mut rows = Vec::new();
        let mut add = |item: &str, quantity: &str, paper: Option<f64>, sd: Option<f64>, ours: Vec<OurValue>| {
            rows.push(PaperRow {
                item: item.to_owned(),
                quantity: quantity.to_owned(),
                paper,
                paper_sd: sd,
                ours,
            });
        };
        let fits = |number: &dyn Fn(&eval::Arm) -> Option<f64>| {
            let values = self.players().filter_map(|a| Some((a.name.clone(), number(a)?)));
            values.map(|(name, value)| OurValue { name, value }).collect::<Vec<_>>()
        };
        for (policy, mse, r2, validation) in TABLE_2 {
            let item = format!("Table 2, {policy}");
            add(
                &item,
                "test MSE, own labels, px²",
                Some(mse),
                None,
                fits(&|a| fit_own(a)[0]),
            );
            add(&item, "test R², own labels", Some(r2), None, fits(&|a| fit_own(a)[1]));
            let ours = fits(&|a| a.over_seeds(|t| t.validation_mse));
            add(&item, "validation MSE, px²", Some(validation), None, ours);
        }
        let actions = |number: &dyn Fn(&traj_metrics::SequenceMeasures) -> Option<f64>| {
            let measured = self.actions.iter().filter(|a| a.kind == RowKind::Measured);
            let values = measured.filter_map(|a| Some((a.name.clone(), number(&a.measures)?)));
            values.map(|(name, value)| OurValue { name, value }).collect::<Vec<_>>()
        };
        for (name, [velocity, acceleration, jerk], directness) in &TABLE_4[..2] {
            let item = format!("Table 4, {}", name.trim_start_matches("paper: "));
            let ours = actions(&|m| Some(m.velocity.mean));
            add(&item, "velocity, px/step", Some(velocity.0), velocity.1, ours);
            let ours = actions(&|m| Some(m.acceleration.mean));
            add(
                &item,
                "acceleration, px/step²",
                Some(acceleration.0),
                acceleration.1,
                ours,
            );
            add(
                &item,
                "jerk, px/step³",
                Some(jerk.0),
                jerk.1,
                actions(&|m| Some(m.jerk.mean)),
            );
            let item = item.replace("Table 4", "Figure 6");
            let ours = actions(&|m| m.directness.summary.map(|s| s.mean));
            add(&item, "mean directness, whole episodes", *directness, None, ours);
        }
        for (name, mean, sd) in EXTRACTION {
            let ours = self.extraction.iter().map(|r| OurValue {
                name: format!("{}, {}", r.name, r.on),
                value: r.l2.mean,
            });
            let item = format!("Text, {}", name.trim_start_matches("paper: "));
            add(
                &item,
                "L2 of extracted to recorded actions, px",
                Some(mean),
                Some(sd),
                ours.collect(),
            );
        }
        let reward = || fits(&|a| Some(a.mean_reward.mean));
        let [low, high] = TABLE_5;
        add(
            "Table 5, lowest of four policies",
            "mean reward per step",
            Some(low),
            None,
            reward(),
        );
        add(
            "Table 5, highest of four policies",
            "mean reward per step",
            Some(high),
            None,
            reward(),
        );
        add(
            "Table 5",
            "maximum reward",
            None,
            None,
            fits(&|a| Some(a.max_reward.mean)),
        );
        for (figure, quantity, ours) in [
            (
                "Figures 4 and 7",
                "training and validation loss over epochs (curves: arms.seeds.training.curve)",
                Vec::new(),
            ),
            (
                "Figures 8 and 11",
                "distribution of mean and maximum reward (values: arms.seeds.rollouts)",
                Vec::new(),
            ),
            (
                "Figure 10",
                "final agent positions (values: arms.seeds.rollouts.final_agent)",
                Vec::new(),
            ),
        ] {
            add(figure, quantity, None, None, ours);
        }
        rows
    }
}
