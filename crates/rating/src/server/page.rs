//! The page, part of the program.

use crate::http::{Body, Response};

/// A file of the page.
pub(crate) fn file(path: &str) -> Option<Response> {
    let (content_type, text) = match path {
        "/" => ("text/html; charset=utf-8", include_str!("../../page/index.html")),
        "/rate.css" => ("text/css; charset=utf-8", include_str!("../../page/rate.css")),
        "/rate.js" => ("text/javascript; charset=utf-8", include_str!("../../page/rate.js")),
        "/player.js" => ("text/javascript; charset=utf-8", include_str!("../../page/player.js")),
        "/icon.svg" => ("image/svg+xml", include_str!("../../page/icon.svg")),
        _ => return None,
    };
    Some(Response::new(content_type, Body::Whole(text.as_bytes().into())))
}
