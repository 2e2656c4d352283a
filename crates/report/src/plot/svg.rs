//! A minimal SVG writer for the charts.

use super::palette::INK;
use std::fmt::Write as _;

/// Alignment of a text relative to its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// An SVG image under construction. Coordinates are px from the upper left corner.
pub(crate) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    /// Width of the image.
    pub fn width(&self) -> f64 {
        self.width
    }

    pub fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], color: &str, width: f64) {
        self.push(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{color}" stroke-width="{width}"/>"#
        ));
    }

    pub fn dashed(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], color: &str) {
        self.push(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{color}" stroke-width="1.2" stroke-dasharray="5 3"/>"#
        ));
    }

    /// Draws a line through all points in order; `dash` is empty for a solid line.
    pub fn polyline(&mut self, points: &[[f64; 2]], color: &str, width: f64, dash: &str) {
        let dash = match dash {
            "" => String::new(),
            dash => format!(r#" stroke-dasharray="{dash}""#),
        };
        self.push(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="{width}" stroke-linejoin="round"{dash}/>"#,
            list(points)
        ));
    }

    pub fn polygon(&mut self, points: &[[f64; 2]], fill: &str) {
        self.push(format_args!(r#"<polygon points="{}" fill="{fill}"/>"#, list(points)));
    }

    /// Draws a rectangle; `fill` may be `none`.
    pub fn rect(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2], fill: &str, stroke: &str) {
        self.push(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" fill="{fill}" stroke="{stroke}"/>"#
        ));
    }

    pub fn circle(&mut self, [x, y]: [f64; 2], r: f64, fill: &str, opacity: f64) {
        self.push(format_args!(
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{r}" fill="{fill}" fill-opacity="{opacity}"/>"#
        ));
    }

    pub fn text(&mut self, [x, y]: [f64; 2], anchor: Anchor, size: f64, color: &str, text: &str) {
        self.text_with([x, y], anchor, size, color, "", text);
    }

    pub fn bold(&mut self, at: [f64; 2], anchor: Anchor, size: f64, color: &str, text: &str) {
        self.text_with(at, anchor, size, color, r#" font-weight="600""#, text);
    }

    /// Draws a text that reads upwards, centered on the point.
    pub fn text_upwards(&mut self, [x, y]: [f64; 2], size: f64, text: &str) {
        let turn = format!(r#" transform="rotate(-90 {x:.1} {y:.1})""#);
        self.text_with([x, y], Anchor::Middle, size, INK, &turn, text);
    }

    fn text_with(&mut self, [x, y]: [f64; 2], anchor: Anchor, size: f64, color: &str, more: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.push(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="{color}"{more}>{}</text>"#,
            escape(text)
        ));
    }

    /// Returns the SVG document; `title` is for screen readers.
    pub fn finish(self, title: &str) -> String {
        let (w, h) = (self.width, self.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" height=\"{h:.0}\" \
             role=\"img\" font-family=\"system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif\">\n\
             <title>{}</title>\n<rect width=\"{w:.0}\" height=\"{h:.0}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            escape(title),
            self.body
        )
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.body, "{element}");
    }
}

/// Escapes the characters reserved in XML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn list(points: &[[f64; 2]]) -> String {
    let mut text = String::new();
    for [x, y] in points {
        let _ = write!(text, "{x:.1},{y:.1} ");
    }
    text
}

/// Approximate width of a text, for margins and columns.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.56
}
