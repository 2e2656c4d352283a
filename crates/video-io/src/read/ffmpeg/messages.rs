//! What `ffmpeg` says on standard error, at the level of errors.

/// Lines that are quoted, the first ones, and characters of a line.
const LINES: usize = 3;
const LONGEST: usize = 200;

/// Lines that only repeat that another one was an error.
const CONSEQUENCES: [&str; 7] = [
    "Last message repeated",
    "To ignore this",
    "Error opening input",
    "Error opening output",
    "Error parsing options",
    "Task finished with error",
    "Terminating thread",
];

/// Beginnings of the names of decoders of sound, which are tried when a file is opened. Their errors do not matter.
const SOUND: [&str; 15] = [
    "aac", "ac3", "adpcm", "alac", "amr", "ape", "dca", "eac3", "flac", "gsm", "mp2", "mp3", "opus", "pcm", "vorbis",
];

/// An error that decoders report without harm to a picture.
const HARMLESS: &str = "mmco: unref short failure";

/// The first lines, without what differs from run to run.
pub(super) fn quoted(said: &str) -> String {
    lines(said).take(LINES).collect::<Vec<_>>().join("; ")
}

/// What a program that ended in success said about damage of the pictures.
pub(super) fn damage(said: &str) -> Option<String> {
    let matters = |line: &String| {
        let context = line.strip_prefix('[').unwrap_or_default();
        !line.contains(HARMLESS) && !SOUND.iter().any(|name| context.starts_with(name))
    };
    let lines: Vec<String> = lines(said).filter(matters).take(LINES).collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

fn lines(said: &str) -> impl Iterator<Item = String> {
    said.lines().map(plain).filter(|line| {
        let message = line.rsplit_once("] ").map_or(line.as_str(), |(_, message)| message);
        !line.is_empty() && !CONSEQUENCES.iter().any(|start| message.starts_with(start))
    })
}

/// A line without addresses and control characters.
fn plain(line: &str) -> String {
    let mut line: String = line.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    while let Some(start) = line.find(" @ 0x") {
        let length = line[start..].find(']').unwrap_or(line.len() - start);
        line.replace_range(start..start + length, "");
    }
    line.trim().to_owned()
}

#[cfg(test)]
#[path = "../../../tests/unit/messages.rs"]
mod tests;
