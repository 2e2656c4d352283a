//! The page in a real browser, played with the mouse and the keys of a person.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use common::{SIMULATION, settings, witness};
use pusht_data::{SeededTrajectory, SimulatedSet};
use pusht_env::Renderer;
use pusht_jobs::JobContext;
use pusht_play::{PlayServer, PlaySettings};
use test_support::browser::{self, Browser, Tab};

/// Folder, port and whether with a policy, of a server in a process of its own.
const CHILD: &str = "PUSHT_PLAY_TEST_SERVER";

/// Errors that the tests cause: a server that is gone.
const MEANT: [&str; 2] = ["ERR_CONNECTION", "WebSocket connection"];

fn serve(what: &str) {
    let [port, with_policy, out] = what.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{what}")
    };
    let settings = PlaySettings {
        address: ([127, 0, 0, 1], port.parse().unwrap()).into(),
        ..settings(Path::new(out))
    };
    let guide = (with_policy == "true").then(|| witness().0);
    let server = PlayServer::open(&settings, guide).unwrap();
    println!("{}", server.url());
    server.run(&mut JobContext::silent()).unwrap();
}

/// A server in a process of its own, killed when dropped.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(out: &Path, port: u16, with_policy: bool) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .env(CHILD, format!("{port} {with_policy} {}", out.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        Self {
            process,
            url: url.trim().to_owned(),
        }
    }

    fn port(&self) -> u16 {
        self.url
            .trim_end_matches('/')
            .rsplit_once(':')
            .unwrap()
            .1
            .parse()
            .unwrap()
    }

    fn kill(&mut self) {
        // SIGKILL: nothing is closed.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the page says of itself.
fn data(browser: &mut Browser, tab: &Tab, name: &str) -> String {
    let value = browser.value(tab, &format!("document.body.dataset.{name}"));
    value.as_str().unwrap_or_default().to_owned()
}

fn steps(browser: &mut Browser, tab: &Tab) -> usize {
    data(browser, tab, "steps").parse().unwrap()
}

fn phase(browser: &mut Browser, tab: &Tab, phase: &str) {
    browser.wait(tab, &format!("document.body.dataset.phase === '{phase}'"));
}

fn at_least(browser: &mut Browser, tab: &Tab, steps: usize) {
    browser.wait(tab, &format!("Number(document.body.dataset.steps) >= {steps}"));
}

/// The place on the screen of a place on the board.
fn place(browser: &mut Browser, tab: &Tab, [x, y]: [f64; 2]) -> [f64; 2] {
    let edges =
        "(() => { const b = document.getElementById('over').getBoundingClientRect(); return [b.x, b.y, b.width]; })()";
    let edges = browser.value(tab, edges);
    let [left, top, side] = [0, 1, 2].map(|i| edges[i].as_f64().unwrap());
    [left + (x + 0.5) / 512.0 * side, top + (y + 0.5) / 512.0 * side]
}

fn point(browser: &mut Browser, tab: &Tab, kind: &str, at: [f64; 2], is_down: bool) {
    let [x, y] = place(browser, tab, at);
    browser.mouse(tab, kind, [x, y], is_down);
}

fn agent(browser: &mut Browser, tab: &Tab) -> [f64; 2] {
    let text = data(browser, tab, "agent");
    let (x, y) = text.split_once(',').unwrap();
    [x.parse().unwrap(), y.parse().unwrap()]
}

/// Moves the mouse onto the disc, which starts the clock.
fn touch(browser: &mut Browser, tab: &Tab) {
    let [x, y] = agent(browser, tab);
    let aside = if x > 256.0 { x - 120.0 } else { x + 120.0 };
    // A frame of the screen each, so that the page sends both.
    for at in [[aside, y], [x, y]] {
        point(browser, tab, "mouseMoved", at, false);
        browser.value(
            tab,
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
        );
    }
    phase(browser, tab, "running");
}

/// Leads the disc around until the episode has this many steps.
fn lead(browser: &mut Browser, tab: &Tab, until: usize) {
    let mut turn = 0.0_f64;
    while steps(browser, tab) < until {
        turn += 0.2;
        let at = [256.0 + 130.0 * turn.cos(), 256.0 + 110.0 * turn.sin()];
        point(browser, tab, "mouseMoved", at, false);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The pixels of the board on the page.
fn pixels(browser: &mut Browser, tab: &Tab) -> Vec<u8> {
    let pixels = "Array.from(document.getElementById('frame').getContext('2d').getImageData(0, 0, 512, 512).data)";
    let rgba: Vec<u8> = serde_json::from_value(browser.value(tab, pixels)).unwrap();
    rgba.chunks(4).flat_map(|p| p[..3].to_vec()).collect()
}

/// Position of the disc, and pixels, of the simulator after the first steps of an episode.
fn simulated(trajectory: &SeededTrajectory, steps: usize) -> ([f64; 2], Vec<u8>) {
    let mut env = trajectory.begin(&SIMULATION).unwrap();
    for &action in &trajectory.actions[..steps] {
        env.step(action).unwrap();
    }
    let mut renderer = Renderer::new(512, SIMULATION.fill_rule).unwrap();
    (env.state().agent, renderer.render(&env.scene()).into_raw())
}

fn an_episode_survives_a_reload_and_a_killed_server(program: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("played");
    let mut browser = Browser::start(program, &folder.path().join("profile"));
    let mut server = Server::start(&out, 0, false);
    let (url, port) = (server.url.clone(), server.port());
    let tab = browser.tab(1280, 800, false);
    browser.open(&tab, &url);
    phase(&mut browser, &tab, "ready");
    browser.picture(&tab, "play-start");
    touch(&mut browser, &tab);
    lead(&mut browser, &tab, 25);
    browser.picture(&tab, "play-leading");
    browser.key(&tab, " ");
    phase(&mut browser, &tab, "ready");
    let paused = (
        steps(&mut browser, &tab),
        agent(&mut browser, &tab),
        pixels(&mut browser, &tab),
    );
    let same = |browser: &mut Browser, tab: &Tab| {
        phase(browser, tab, "ready");
        browser.wait(tab, "document.body.dataset.seat === 'true'");
        assert_eq!((steps(browser, tab), agent(browser, tab)), (paused.0, paused.1));
        assert!(pixels(browser, tab) == paused.2, "other pixels");
    };

    // Loaded again.
    browser.open(&tab, &url);
    same(&mut browser, &tab);

    // The server is killed, and starts again on the same port.
    server.kill();
    phase(&mut browser, &tab, "lost");
    browser.picture(&tab, "play-lost");
    let mut server = Server::start(&out, port, false);
    same(&mut browser, &tab);
    assert!(
        browser.text(&tab, "note").contains("unfinished episode"),
        "{}",
        browser.text(&tab, "note")
    );
    browser.picture(&tab, "play-again");

    // Killed while the clock runs: what was shown last is kept.
    touch(&mut browser, &tab);
    lead(&mut browser, &tab, paused.0 + 15);
    server.kill();
    phase(&mut browser, &tab, "lost");
    let last = (steps(&mut browser, &tab), agent(&mut browser, &tab));
    let server = Server::start(&out, port, false);
    phase(&mut browser, &tab, "ready");
    let kept = steps(&mut browser, &tab);
    // The step that was played last may not have been shown.
    assert!(kept == last.0 || kept == last.0 + 1, "{kept} {last:?}");

    // Undo, slow motion, and on.
    browser.key(&tab, "u");
    browser.wait(&tab, &format!("Number(document.body.dataset.steps) === {}", kept - 10));
    let back = agent(&mut browser, &tab);
    browser.key(&tab, "s");
    browser.wait(&tab, "document.body.dataset.slow === '2'");
    touch(&mut browser, &tab);
    lead(&mut browser, &tab, kept);
    browser.key(&tab, " ");
    phase(&mut browser, &tab, "ready");
    let end = (
        steps(&mut browser, &tab),
        agent(&mut browser, &tab),
        pixels(&mut browser, &tab),
    );
    browser.key(&tab, "Enter");
    browser.wait(&tab, "document.body.dataset.saved === '1'");
    assert_eq!(
        (data(&mut browser, &tab, "seed").as_str(), steps(&mut browser, &tab)),
        ("4", 0)
    );
    browser.picture(&tab, "play-saved");

    // Two windows: one plays, the other watches until it takes over.
    let phone = browser.tab(390, 844, true);
    browser.open(&phone, &url);
    browser.wait(&phone, "document.body.dataset.seat === 'false'");
    phase(&mut browser, &phone, "ready");
    browser.picture(&phone, "play-watching-phone");
    let wide = "document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.value(&phone, wide), true);
    browser.click(&phone, "#here");
    browser.wait(&phone, "document.body.dataset.seat === 'true'");
    browser.wait(&tab, "document.body.dataset.seat === 'false'");
    touch(&mut browser, &phone);
    at_least(&mut browser, &phone, 5);
    browser.picture(&phone, "play-phone");
    browser.dark(&tab);
    browser.picture(&tab, "play-watching-dark");
    browser.click(&phone, "#next");
    browser.wait(&phone, "document.body.dataset.seed === '5'");
    drop(server);

    // The set has the simulator's own frames, to the last bit.
    let set = SimulatedSet::open(out.join("demonstrations.jsonl")).unwrap();
    let [trajectory] = set.trajectories() else {
        panic!("one episode")
    };
    assert_eq!(trajectory.actions.len(), end.0);
    assert!(trajectory.interventions.is_none());
    let replayed = |steps| simulated(trajectory, steps);
    assert!(replayed(paused.0) == (paused.1, paused.2));
    assert_eq!(replayed(kept - 10).0, back);
    assert!(replayed(end.0) == (end.1, end.2));
    browser.assert_content(&MEANT);
}

fn a_policy_is_watched_and_taken_over(program: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("played");
    let mut browser = Browser::start(program, &folder.path().join("profile"));
    let server = Server::start(&out, 0, true);
    let tab = browser.tab(1280, 800, false);
    browser.open(&tab, &server.url);
    phase(&mut browser, &tab, "ready");
    browser.picture(&tab, "policy-start");
    browser.key(&tab, " ");
    at_least(&mut browser, &tab, 4);
    assert_eq!(data(&mut browser, &tab, "actor"), "policy");
    browser.picture(&tab, "policy-leads");
    // Press, drag, let go.
    point(&mut browser, &tab, "mousePressed", [300.0, 200.0], true);
    browser.wait(&tab, "document.body.dataset.actor === 'human'");
    let from = steps(&mut browser, &tab);
    at_least(&mut browser, &tab, from + 2);
    point(&mut browser, &tab, "mouseMoved", [320.0, 220.0], true);
    at_least(&mut browser, &tab, from + 4);
    browser.picture(&tab, "policy-taken-over");
    point(&mut browser, &tab, "mouseReleased", [320.0, 220.0], false);
    browser.wait(&tab, "document.body.dataset.actor === 'policy'");
    let back = steps(&mut browser, &tab);
    at_least(&mut browser, &tab, back + 3);
    // With a key, for hands that rest.
    browser.key(&tab, "t");
    browser.wait(&tab, "document.body.dataset.actor === 'human'");
    let from = steps(&mut browser, &tab);
    at_least(&mut browser, &tab, from + 3);
    browser.key(&tab, "t");
    browser.wait(&tab, "document.body.dataset.actor === 'policy'");
    browser.key(&tab, " ");
    phase(&mut browser, &tab, "ready");
    let humans: usize = data(&mut browser, &tab, "human").parse().unwrap();
    browser.key(&tab, "Enter");
    browser.wait(&tab, "document.body.dataset.saved === '1'");
    drop(server);
    let set = SimulatedSet::open(out.join("demonstrations.jsonl")).unwrap();
    let who = set.trajectories()[0].interventions.as_ref().unwrap();
    assert_eq!(who.policy, "witness");
    let runs: Vec<bool> = who.is_intervention.chunk_by(|a, b| a == b).map(|run| run[0]).collect();
    assert_eq!(runs[..4], [false, true, false, true]);
    assert_eq!(who.is_intervention.iter().filter(|human| **human).count(), humans);
    browser.assert_content(&MEANT);
}

fn main() -> ExitCode {
    if let Ok(what) = std::env::var(CHILD) {
        serve(&what);
        return ExitCode::SUCCESS;
    }
    test_support::run(vec![
        test_support::needing("an_episode_survives_a_reload_and_a_killed_server", browser::find, |p| {
            an_episode_survives_a_reload_and_a_killed_server(p);
        }),
        test_support::needing("a_policy_is_watched_and_taken_over", browser::find, |p| {
            a_policy_is_watched_and_taken_over(p);
        }),
    ])
}
