//! Components of both pages: layout with style, figures, tables, formatted numbers.

mod numbers;
mod table;

pub(crate) use numbers::{count, counts, interval, mean_sd, number, percent, signed};
pub(crate) use table::{Table, named};

use base64::Engine as _;
use eval::Outcome;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Maximum width of a page: 1120 px, or 1320 px for a page with wide tables.
#[derive(Clone, Copy)]
pub(crate) enum Width {
    Text,
    Tables,
}

/// A page as one file: no scripts, no external resources.
pub(crate) fn page(title: &str, heading: &str, width: Width, body: &Markup) -> String {
    let class = match width {
        Width::Text => None,
        Width::Tables => Some("broad"),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                main class=[class] {
                    h1 { (heading) }
                    (body)
                }
            }
        }
    };
    page.into_string()
}

/// A section with its heading, which is a link target.
pub(crate) fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! {
        section id=(id) {
            h2 { (title) }
            (body)
        }
    }
}

/// A note in small print.
pub(crate) fn soft(text: &str) -> Markup {
    html! { p.soft { (text) } }
}

/// The main result of a page, with its details.
pub(crate) fn answer(sentence: &str, below: Option<&Markup>) -> Markup {
    html! {
        div.answer {
            p { (sentence) }
            @if let Some(below) = below { (below) }
        }
    }
}

/// A warning at the head of a page.
pub(crate) fn warning(text: &str) -> Markup {
    html! { p.warning { (text) } }
}

/// The outcome of a comparison, in its color.
pub(crate) fn badge(outcome: Outcome) -> Markup {
    let class = match outcome {
        Outcome::Helps => "helps",
        Outcome::Hurts => "hurts",
        Outcome::NoDifference => "no-difference",
        Outcome::Uninformative => "uninformative",
        Outcome::Invalid => "invalid",
    };
    html! { span.badge.(class) { (outcome.words()) } }
}

/// A drawing of [`plot`](crate::plot), which is SVG text.
pub(crate) fn drawing(svg: &str) -> Markup {
    PreEscaped(svg.to_owned())
}

/// A figure with its caption.
pub(crate) fn figure(shown: &Markup, caption: &str) -> Markup {
    html! {
        figure {
            (shown)
            figcaption { (caption) }
        }
    }
}

/// A list of names and values; those with an empty value are left out.
pub(crate) fn definitions<'a>(items: impl IntoIterator<Item = (&'a str, String)>) -> Markup {
    html! {
        dl {
            @for (name, value) in items.into_iter().filter(|(_, value)| !value.is_empty()) {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}

/// A file as a `data:` URI.
pub(crate) fn data_uri(media: &str, bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("data:{media};base64,{text}")
}
