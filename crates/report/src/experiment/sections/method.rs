//! What all arms share, and what is needed to run it again.

use super::super::table::{count, definitions};
use super::super::{OtherGenerator, Report};
use crate::plot::escape;
use eval::Role;
use std::fmt::Write as _;

/// The conditions, and each arm in words.
pub fn method(report: &Report) -> String {
    let m = &report.method;
    let seeds: Vec<String> = m.seeds.iter().map(u64::to_string).collect();
    let [train, validation, test] = m.split_frames.map(count);
    let mut html = definitions([
        ("Demonstrations", m.demonstrations.clone()),
        (
            "Split",
            format!(
                "{}: {train} training, {validation} validation, {test} test frames",
                m.split
            ),
        ),
        (
            "Policy, every arm",
            format!("{}, {} parameters", m.policy, count(m.policy_parameters)),
        ),
        (
            "Training, every arm",
            format!("{} updates of {} examples", count(m.updates), m.batch),
        ),
        ("Augmentation, every arm", m.augmentation.clone()),
        ("Training seeds, every arm", seeds.join(", ")),
        ("Generator", m.generator.clone()),
        ("Other generators, judged only", others(report)),
        ("Inverse dynamics", m.inverse_dynamics.clone()),
        (
            "Roll-outs",
            format!(
                "protocol {}: {} episodes of at most {} steps for every training seed, start seeds {} to {}",
                m.protocol, m.episodes, m.steps, m.start_seeds[0], m.start_seeds[1]
            ),
        ),
    ]);
    html += "<h3>Arms</h3>\n<p class=\"soft\">Counted is what each arm trains on. Demonstrations and clips are both split; the \
             rest of them is validation and test.</p>\n";
    let arms = report.arms.iter().map(|arm| {
        let data = arm.data.as_ref().map_or(String::new(), |d| {
            format!(
                " {} training frames in {} episodes or clips, labels: {}.",
                count(d.frames),
                count(d.episodes),
                d.labels
            )
        });
        let role = match arm.role {
            Role::Trained => "",
            Role::Floor => " (floor)",
            Role::Ceiling => " (ceiling)",
        };
        (arm.name.as_str(), format!("{}{role}.{data}", arm.what))
    });
    html += &definitions(arms.collect::<Vec<_>>());
    if !report.notes.is_empty() {
        html += "<h3>Before you quote a number</h3>\n<ul>\n";
        for note in &report.notes {
            let _ = writeln!(html, "<li>{}</li>", escape(note));
        }
        html += "</ul>\n";
    }
    html
}

/// Generators that no arm is trained on; empty where there are none.
fn others(report: &Report) -> String {
    let one = |other: &OtherGenerator| format!("{} ({})", other.name, other.told());
    let all: Vec<String> = report.other_generators.iter().map(one).collect();
    all.join("; ")
}

/// Command, configuration, versions, machine, durations.
pub fn record(report: &Report) -> String {
    let r = &report.record;
    let pairs =
        |list: &[[String; 2]]| definitions(list.iter().map(|[k, v]| (k.as_str(), v.clone())).collect::<Vec<_>>());
    let total: f64 = r.stages.iter().map(|s| s.seconds).sum();
    let stages = r
        .stages
        .iter()
        .map(|s| (s.name.as_str(), format!("{:.1} s", s.seconds)));
    format!(
        "<h3>Command</h3>\n<pre>{}</pre>\n<h3>Configuration</h3>\n<pre>{}</pre>\n<h3>Versions</h3>\n{}<h3>Machine</h3>\n{}\
         <h3>Time by stage</h3>\n{}",
        escape(&r.command),
        escape(&r.configuration),
        pairs(&r.versions),
        pairs(&r.machine),
        definitions(stages.chain([("all", format!("{total:.1} s"))]).collect::<Vec<_>>()),
    )
}
