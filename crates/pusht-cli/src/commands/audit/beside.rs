//! The models of `pusht audit world --beside`, by name.

use anyhow::{Error, Result};
use named_parts::{WorldChoice, world_names};
use video_gen::ModelSpec;

/// A model beside the world that is judged.
pub(super) enum Beside {
    World(WorldChoice),
    Video(ModelSpec),
}

impl Beside {
    /// Reads the options: video models have a colon, worlds none.
    pub(super) fn parse(texts: &[String]) -> Result<Vec<Self>> {
        let one = |text: &String| match text.contains(':') {
            true => Ok(Self::Video(text.parse()?)),
            false => Ok(Self::World(text.parse().map_err(Error::msg)?)),
        };
        texts.iter().map(one).collect()
    }

    /// Names in the table, of the world that is judged and of these: no two models have the same one. `titles` are the
    /// video models' own names.
    pub(super) fn names(world: &WorldChoice, beside: &[Self], titles: &[Option<String>]) -> Vec<String> {
        let worlds = beside.iter().filter_map(|model| match model {
            Self::World(world) => Some(world),
            Self::Video(_) => None,
        });
        let worlds: Vec<&WorldChoice> = std::iter::once(world).chain(worlds).collect();
        let mut names = world_names(&worlds).into_iter();
        let mut all: Vec<String> = names.next().into_iter().collect();
        all.extend(
            beside
                .iter()
                .zip(titles)
                .filter_map(|(model, title)| match (model, title) {
                    (Self::Video(spec), Some(title)) => {
                        let alike = titles.iter().flatten().filter(|other| *other == title).count();
                        Some(if alike > 1 {
                            format!("{title} ({spec})")
                        } else {
                            title.clone()
                        })
                    }
                    _ => names.next(),
                }),
        );
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_has_its_own_name() {
        let texts = [
            "b/world.safetensors",
            "object:o.safetensors",
            "pixel:a",
            "pixel:b",
            "pixel",
        ]
        .map(str::to_owned);
        let beside = Beside::parse(&texts).unwrap();
        let titles = [None, Some("objects"), Some("paths"), Some("paths"), None];
        let titles = titles.map(|title| title.map(str::to_owned));
        let names = Beside::names(&"a/world.safetensors".parse().unwrap(), &beside, &titles);
        let expected = [
            "a/world",
            "b/world",
            "objects",
            "paths (pixel:a)",
            "paths (pixel:b)",
            "pixel base",
        ];
        assert_eq!(names, expected);
        assert!(Beside::parse(&["sora:x".to_owned()]).is_err());
    }
}
