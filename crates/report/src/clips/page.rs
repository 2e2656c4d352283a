//! The report: one page without scripts that loads nothing; pictures are embedded.

use std::path::Path;

use base64::Engine as _;
use clip_audit::{ClipAudit, Finding, Kind, Score};
use clip_review::{ClipVerdict, Labels, Verdicts};

use super::policies::policies;

const LEGEND: &str = "<p class=\"soft\">Pushed: the share of the T's way that a push of the agent explains at most. Coverage: of \
    the goal by the T in the last frame. Replay: for how many steps the T of the exact simulator, in which the actions read \
    out of the clip are played from its first frame, stays within 20 px and 20° of the clip's; coverage there: of the goal \
    at the end of that replay. Trusted: frames with an action that could be trained on. Pixels are those of the 512 × 512 \
    board.</p>\n";

/// The page. Pictures are read from `folder`; those that are missing are named in their place.
pub(super) fn page(verdicts: &Verdicts, folder: &Path) -> String {
    let totals = &verdicts.totals;
    let labels = |k: usize| verdicts.labels.get(k);
    let rows: String = (verdicts.clips.iter().enumerate())
        .map(|(k, clip)| row(k, clip, labels(k)))
        .collect();
    let clips: String = (verdicts.clips.iter().enumerate())
        .filter(|(_, clip)| clip.audit.is_some())
        .map(|(k, clip)| section(k, clip, folder))
        .collect();
    let kinds: String = totals.findings.iter().fold(String::new(), |text, (kind, count)| {
        format!(
            "{text}<tr><th scope=\"row\">{}</th><td>{count}</td></tr>\n",
            kind.says()
        )
    });
    let kinds = match kinds.is_empty() {
        true if totals.no_board + totals.failed == totals.clips => String::new(),
        true => "<p>Nothing is wrong with any of the clips that show a board.</p>".to_owned(),
        false => table(&["what is found", "clips"], &kinds),
    };
    let points = |name: &str, counts: &[usize], first: usize| {
        let cells = counts.iter().enumerate().map(|(k, n)| format!("{}: {n}", k + first));
        let read: usize = counts.iter().sum();
        let sum: usize = counts.iter().enumerate().map(|(k, n)| n * (k + first)).sum();
        let mean = sum as f64 / read.max(1) as f64;
        let cells: Vec<String> = cells.collect();
        format!(
            "<tr><th scope=\"row\">{name}</th><td>{mean:.2}</td><td class=\"text\">{}</td></tr>\n",
            cells.join(" · ")
        )
    };
    let scales = points("adherence to the task, 0–2", &totals.adherence, 0)
        + &points("agent responsibility, 0–1", &totals.responsibility, 0)
        + &points("physics, 1–5", &totals.physics, 1);
    let [frames, trusted] = totals.frames;
    let horizon = totals.horizon.map_or("–".to_owned(), |h| h.to_string());
    let distribution = verdicts.distribution.as_ref().and_then(|d| d.markdown().ok());
    let distribution = optional("Trajectories against real ones", distribution.as_deref());
    let notes: String = verdicts
        .notes
        .iter()
        .map(|n| format!("<li>{}</li>\n", escape(n)))
        .collect();
    let notes = match notes.is_empty() {
        true => notes,
        false => format!("<h2>What could not be done</h2>\n<ul>\n{notes}</ul>\n"),
    };
    let fvd = (verdicts.fvd.as_ref()).map_or_else(String::new, |fvd| format!("<p>{}</p>\n", escape(&fvd.text())));
    let policies = verdicts.policies.as_ref().map_or_else(String::new, policies);
    let people = optional("What people say", verdicts.people.as_ref().map(|p| p.text.as_str()));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>PushT clips: verdicts</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n<main>\n<h1>What these clips are worth</h1>\n\
         <div class=\"soft\">{} videos, {} could not be read; {frames} frames at 10 a second, {trusted} with an action that can \
         be trusted; median replay horizon {horizon} steps</div>\n<div class=\"answer\">{}</div>\n\
         {policies}<h2>The paper's scales, by rules</h2>\n{}{kinds}\n<h2>Clips</h2>\n{}{LEGEND}{distribution}{fvd}{people}{notes}<h2>Clip by clip</h2>\n\
         <p class=\"soft\">Frames with a red bar belong to the finding, those with a gray bar stand around it; the box is where it was measured.</p>\n{clips}\
         </main>\n</body>\n</html>\n",
        include_str!("style.css"),
        totals.clips,
        totals.failed,
        escape(&verdicts.sentence()),
        table(&["scale", "mean", "clips by points"], &scales),
        table(
            &[
                "clip",
                "frames",
                "adherence",
                "responsibility",
                "physics",
                "pushed",
                "coverage",
                "main finding",
                "replay",
                "coverage there",
                "trusted"
            ],
            &rows
        ),
    )
}

fn row(index: usize, clip: &ClipVerdict, labels: Option<&Labels>) -> String {
    let name = format!(
        "<th scope=\"row\"><a href=\"#c{index}\">{}</a></th>",
        escape(&clip.name)
    );
    let Some(audit) = clip.audit.as_ref().map(|a| &a.audit) else {
        let error = escape(clip.error.as_deref().unwrap_or("not read"));
        return format!("<tr>{name}<td class=\"text\" colspan=\"10\">{error}</td></tr>\n");
    };
    let scores = &audit.scores;
    let coverage = audit
        .reach
        .map_or("–".to_owned(), |r| format!("{:.2}", r.last_coverage));
    let main = audit.main().map_or("–", |k| k.says());
    let replay = clip.execution.as_ref().map_or(["–".to_owned(), "–".to_owned()], |e| {
        let steps = if e.parted {
            format!("parts after {} of {}", e.horizon, e.steps)
        } else {
            format!("all {}", e.steps)
        };
        [steps, format!("{:.2}", e.coverage[1])]
    });
    let trusted = labels.map_or("–".to_owned(), |l| format!("{} of {}", l.frames[1], l.frames[0]));
    let [a, r, p] = [&scores.adherence, &scores.responsibility, &scores.physics].map(|s| s.value);
    format!(
        "<tr>{name}<td>{}</td><td>{a}</td><td>{r}</td><td>{p}</td><td>{:.0} %</td><td>{coverage}</td>\
         <td class=\"text\">{main}</td><td>{}</td><td>{}</td><td>{trusted}</td></tr>\n",
        audit.frames,
        100.0 * audit.motion.share(),
        replay[0],
        replay[1]
    )
}

fn section(index: usize, clip: &ClipVerdict, folder: &Path) -> String {
    let head = format!("<h3 id=\"c{index}\">{}</h3>\n", escape(&clip.name));
    let Some(video) = &clip.audit else {
        return format!("{head}<p>{}</p>\n", escape(clip.error.as_deref().unwrap_or("not read")));
    };
    let audit = &video.audit;
    let because = |name: &str, score: &Score| {
        let frames = match score.frames.is_empty() {
            true => String::new(),
            false => format!(" (frames {})", ranges(&score.frames)),
        };
        format!(
            "<li>{name} <b>{}</b>: {}{frames}</li>\n",
            score.value,
            escape(&score.why)
        )
    };
    let figures: String = clip
        .strips
        .iter()
        .map(|strip| {
            let finding = strip.finding.and_then(|k| audit.findings.get(k));
            let numbers: Vec<String> = strip.frames.iter().map(ToString::to_string).collect();
            let caption = match finding {
                Some(finding) => said(finding),
                None => "no findings".to_owned(),
            };
            let picture = match std::fs::read(folder.join(&strip.file)) {
                Ok(bytes) => format!(
                    "<img alt=\"film strip\" src=\"data:image/png;base64,{}\">",
                    base64::engine::general_purpose::STANDARD.encode(bytes)
                ),
                Err(_) => format!("<p>{} is missing</p>", escape(&strip.file)),
            };
            format!(
                "<figure>{picture}<figcaption>{}; frames {}</figcaption></figure>\n",
                escape(&caption),
                numbers.join(", ")
            )
        })
        .collect();
    let [width, height] = video.size;
    format!(
        "{head}<div class=\"soft\">{}, {width} × {height}, {} frames; board found with a residual of {:.1} levels</div>\n\
         <ul>\n{}{}{}</ul>\n{figures}{}",
        escape(&video.codec),
        audit.frames,
        video.registration.residual,
        because("adherence", &audit.scores.adherence),
        because("responsibility", &audit.scores.responsibility),
        because("physics", &audit.scores.physics) + &played(clip),
        rest(audit, clip)
    )
}

/// Whether the clip's actions lead where it goes.
fn played(clip: &ClipVerdict) -> String {
    let Some(replay) = &clip.execution else {
        return "<li>replay: agent or T are not seen long enough</li>\n".to_owned();
    };
    let follows = if replay.parted {
        format!(
            "follows it for {} of {} steps and then parts",
            replay.horizon, replay.steps
        )
    } else {
        format!("follows it for all {} steps", replay.steps)
    };
    format!(
        "<li>replay: played in the exact simulator from the clip's first frame, its actions make a T that {follows} (20 px or \
         20°); at the end {:.2} of the goal is covered in the clip, {:.2} in the simulator</li>\n",
        replay.coverage[0], replay.coverage[1]
    )
}

/// The findings that no strip shows.
fn rest(audit: &ClipAudit, clip: &ClipVerdict) -> String {
    let shown: Vec<usize> = clip.strips.iter().filter_map(|s| s.finding).collect();
    let left = audit.findings.iter().enumerate().filter(|(k, _)| !shown.contains(k));
    let items: String = left.map(|(_, f)| format!("<li>{}</li>\n", escape(&said(f)))).collect();
    if items.is_empty() {
        items
    } else {
        format!("<ul class=\"soft\">\n{items}</ul>\n")
    }
}

fn said(finding: &Finding) -> String {
    let Finding {
        kind,
        frames,
        value,
        threshold,
        ..
    } = finding;
    format!(
        "{}: frames {}, measured {value:.2}, limit {threshold:.2}{}",
        kind.says(),
        ranges(&[*frames]),
        unit(*kind)
    )
}

/// Of what is measured for a kind of finding (docs/audit.md).
fn unit(kind: Kind) -> &'static str {
    match kind {
        Kind::AgentJump | Kind::BlockJump | Kind::Untouched => " px of 512",
        Kind::SeveralAgents => " discs",
        Kind::AgentGone => " of a disc missing",
        Kind::BlockSplit => " pieces",
        Kind::Noise => " levels of 255",
        _ => "",
    }
}

fn ranges(frames: &[[usize; 2]]) -> String {
    let range = |[a, b]: &[usize; 2]| if a == b { a.to_string() } else { format!("{a}–{b}") };
    frames.iter().map(range).collect::<Vec<_>>().join(", ")
}

fn optional(title: &str, text: Option<&str>) -> String {
    text.map_or(String::new(), |text| format!("<h2>{title}</h2>\n{}", markdown(text)))
}

/// Paragraphs and tables, which is all that the reports of other crates have.
fn markdown(text: &str) -> String {
    let mut html = String::new();
    for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        let mut lines = block.lines();
        if !block.starts_with('|') {
            html += &format!("<p>{}</p>\n", escape(block));
            continue;
        }
        let cells = |line: &str| -> Vec<String> {
            let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
            inner.split('|').map(|cell| escape(cell.trim())).collect()
        };
        let head = cells(lines.next().unwrap_or_default());
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let row = |line: &str| -> String {
            let cells = cells(line);
            let (first, rest) = cells.split_first().map_or(("", &[][..]), |(f, r)| (f.as_str(), r));
            let rest: String = rest.iter().map(|cell| format!("<td>{cell}</td>")).collect();
            format!("<tr><th scope=\"row\">{first}</th>{rest}</tr>\n")
        };
        let rows: String = lines.filter(|line| !line.starts_with("|---")).map(row).collect();
        html += &table(&head, &rows);
    }
    html
}

pub(super) fn table(head: &[&str], rows: &str) -> String {
    let head: String = head.iter().map(|h| format!("<th>{h}</th>")).collect();
    format!("<div class=\"wide\"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>\n")
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn tables_and_paragraphs_are_drawn() {
        let html = super::markdown("Two <b>.\n\n| a | b |\n|---|---|\n| x | 1 |\n\nEnd.");
        assert!(
            html.starts_with("<p>Two &lt;b&gt;.</p>") && html.ends_with("<p>End.</p>\n"),
            "{html}"
        );
        assert!(html.contains("<th>a</th><th>b</th>") && html.contains("<th scope=\"row\">x</th><td>1</td>"));
    }
}
