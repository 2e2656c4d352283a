//! Film strips and videos.

use super::super::{Assets, Picture, Report, Shows};
use crate::plot::escape;

/// Demonstrations and generated clips.
pub fn pictures(report: &Report, assets: &Assets) -> String {
    let mut html = String::new();
    for (title, shows) in [
        ("Demonstrations", Shows::Demonstrations),
        ("Generated", Shows::Generated),
    ] {
        let found = gallery(report, assets, shows);
        if !found.is_empty() {
            html += &format!("<h3>{title}</h3>\n{found}");
        }
    }
    if html.is_empty() {
        html = "<p class=\"soft\">The run kept no pictures.</p>\n".to_owned();
    }
    html
}

/// All pictures of one kind: film strips below each other, videos side by side.
pub fn gallery(report: &Report, assets: &Assets, shows: Shows) -> String {
    let mine = |film: bool| {
        let of_kind = report.pictures.iter().filter(move |p| p.shows == shows);
        let some = of_kind.filter(move |p| p.file.ends_with(".png") != film);
        some.map(|p| one(p, assets)).collect::<String>()
    };
    let (strips, films) = (mine(false), mine(true));
    if films.is_empty() {
        return strips;
    }
    format!("{strips}<div class=\"films\">\n{films}</div>\n")
}

fn one(picture: &Picture, assets: &Assets) -> String {
    let caption = escape(&picture.caption);
    let media = match assets.data_uri(&picture.file) {
        Some(("video/mp4", uri)) => format!("<video controls loop muted playsinline src=\"{uri}\"></video>"),
        Some((_, uri)) => format!("<img alt=\"{caption}\" src=\"{uri}\">"),
        None => format!("<p class=\"soft\">{} could not be read.</p>", escape(&picture.file)),
    };
    format!("<figure>\n{media}\n<figcaption>{caption}</figcaption>\n</figure>\n")
}
