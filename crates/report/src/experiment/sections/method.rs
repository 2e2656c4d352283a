//! The conditions that all arms share, and the record for repeating the run.

use eval::{Arm, Role};
use maud::{Markup, html};

use super::super::{ExperimentReport, OtherGenerator};
use pusht_jobs::counted;

use crate::html::{count, definitions, soft};

/// The conditions, and a description of each arm.
pub(crate) fn method(report: &ExperimentReport) -> Markup {
    html! {
        (conditions(report))
        h3 { "Arms" }
        (soft("Counted is what each arm trains on. Demonstrations and clips are both split; the rest of them is validation and \
               test."))
        (definitions(report.arms.iter().map(|arm| (arm.name.as_str(), told(arm)))))
        @if !report.notes.is_empty() {
            h3 { "Before you quote a number" }
            ul { @for note in &report.notes { li { (note) } } }
        }
    }
}

fn conditions(report: &ExperimentReport) -> Markup {
    let m = &report.method;
    let seeds: Vec<String> = m.seeds.iter().map(u64::to_string).collect();
    let [train, validation, test] = m.split_frames.map(count);
    definitions([
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
            format!("{} updates of {}", count(m.updates), counted(m.batch, "example")),
        ),
        ("Augmentation, every arm", m.augmentation.clone()),
        ("Training seeds, every arm", seeds.join(", ")),
        ("Generator", m.generator.clone()),
        ("Other generators, judged only", others(report)),
        ("Inverse dynamics", m.inverse_dynamics.clone()),
        (
            "Rollouts",
            format!(
                "protocol {}: {} of at most {} for every training seed, start seeds {} to {}",
                m.protocol,
                counted(m.episodes, "episode"),
                counted(m.steps, "step"),
                m.start_seeds[0],
                m.start_seeds[1]
            ),
        ),
    ])
}

/// Description of an arm.
fn told(arm: &Arm) -> String {
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
    format!("{}{role}.{data}", arm.what)
}

/// Generators that no arm is trained on; empty if there are none.
fn others(report: &ExperimentReport) -> String {
    let one = |other: &OtherGenerator| format!("{} ({})", other.name, other.told());
    let all: Vec<String> = report.other_generators.iter().map(one).collect();
    all.join("; ")
}

/// Command, configuration, versions, machine, durations.
pub(crate) fn record(report: &ExperimentReport) -> Markup {
    let r = &report.record;
    let pairs = |list: &[[String; 2]]| definitions(list.iter().map(|[k, v]| (k.as_str(), v.clone())));
    let total: f64 = r.stages.iter().map(|s| s.seconds).sum();
    let stages = r
        .stages
        .iter()
        .map(|s| (s.name.as_str(), format!("{:.1} s", s.seconds)));
    html! {
        h3 { "Command" }
        pre { (r.command) }
        @if !r.folder.is_empty() { (soft(&format!("Folder of the run: {}", r.folder))) }
        h3 { "Configuration" }
        pre { (r.configuration) }
        h3 { "Versions" }
        (pairs(&r.versions))
        h3 { "Machine" }
        (pairs(&r.machine))
        h3 { "Time by stage" }
        (definitions(stages.chain([("all", format!("{total:.1} s"))])))
    }
}
