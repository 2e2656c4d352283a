//! The list of kinds of models. A new one is a line here.

use super::{ModelKind, cosmos, ltx, object, pixel};

/// All kinds of models.
pub(super) static KINDS: [&dyn ModelKind; 4] = [&object::Object, &pixel::Pixel, &ltx::Ltx, &cosmos::Cosmos];
