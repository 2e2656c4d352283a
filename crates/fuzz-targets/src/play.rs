//! The page to play on: commands of its windows, and the file of an unfinished episode.

use pusht_play::{PlayCommand, PlaySession, PlaySettings};

use crate::scratch::Scratch;

/// Lines of an input that are taken as commands.
const MOST_LINES: usize = 2000;

/// The file of an unfinished episode, if it begins like one; otherwise a command in each line, and a step for a line that is none.
#[expect(
    clippy::expect_used,
    reason = "what was written by the session itself must be readable"
)]
pub(crate) fn play(input: &[u8]) {
    let folder = Scratch::new();
    let settings = PlaySettings::new(folder.path().join("played"));
    let is_file = input.starts_with(b"{\"format\"");
    if is_file {
        let folder = settings.out.as_path();
        std::fs::create_dir(folder).expect("the temporary folder can be written");
        std::fs::write(folder.join("unfinished.jsonl"), input).expect("the temporary folder can be written");
    }
    let Ok(mut session) = PlaySession::open(&settings, None) else {
        assert!(is_file, "a new folder is refused");
        return;
    };
    if !is_file {
        for line in String::from_utf8_lossy(input).lines().take(MOST_LINES) {
            let _ = match PlayCommand::parse(line) {
                Ok(command) => session.handle(command),
                Err(_) => session.tick(),
            };
        }
    }
    // Whatever was asked for, the board can be drawn, and another session goes on from there.
    session.png().expect("a picture");
    let before = session.view();
    assert!(before.agent.iter().all(|x| x.is_finite()) && before.steps <= PlaySettings::MOST_STEPS);
    drop(session);
    let after = PlaySession::open(&settings, None).expect("the same folder").view();
    assert_eq!(
        (after.seed, after.steps, after.agent, after.score, after.saved),
        (before.seed, before.steps, before.agent, before.score, before.saved)
    );
}
