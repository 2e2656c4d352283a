//! The page, embedded in the program.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

/// Files of the page: path, media type, content.
const FILES: [(&str, &str, &str); 5] = [
    ("/", "text/html; charset=utf-8", include_str!("../../page/index.html")),
    (
        "/rate.css",
        "text/css; charset=utf-8",
        include_str!("../../page/rate.css"),
    ),
    (
        "/rate.js",
        "text/javascript; charset=utf-8",
        include_str!("../../page/rate.js"),
    ),
    (
        "/player.js",
        "text/javascript; charset=utf-8",
        include_str!("../../page/player.js"),
    ),
    ("/icon.svg", "image/svg+xml", include_str!("../../page/icon.svg")),
];

/// A route for each file.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |router: Router<S>, (path, content_type, content)| {
        router.route(
            path,
            get(move || async move { ([(CONTENT_TYPE, content_type)], content) }),
        )
    };
    FILES.into_iter().fold(Router::new(), file)
}
