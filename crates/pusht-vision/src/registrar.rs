//! Position of the board in a frame of any size: foreign clips are scaled, cropped, padded, and seldom square.
//!
//! The map has one scale and one offset per axis, frame = scale · board + offset. It is found by comparing images of
//! the empty board (white, walls, goal) with the frame at a grid of board points: a pattern search over the positions
//! of the board's four edges minimizes the sum of squared color differences, cut off at a limit, over points whose
//! color is neither that of the agent nor of the T. It starts from the frame stretched over the board, the square in
//! its middle, the square that covers it, and the map given by the centroid and spread of the goal's green. There are
//! two images of the board, as a wall is thinner than a pixel of a small frame: the environment's own of 96 × 96,
//! sampled at points, for enlarged frames, and the board drawn large and averaged, for frames that were reduced.
//!
//! Unless the whole board fits at once, maps under which a margin of the board is cut off are tried too ([`Content`]).

use crate::VisionError;
use crate::bilinear::Pixels;
use crate::board::{BOARD, Background, SIDE};
use crate::board_fit::{
    EXACT, Edges, Extent, FAR, Picture, Rated, View, edges_of, greenness, rated, scanned, search, spread, turned,
};
use crate::crop::{Content, has_color};
use crate::registration::Registration;
use crate::several::{grids, strips};
use crate::tilt::turn_of;
use pusht_env::{Frame, Pose};

/// Residual of a square frame up to which it certainly shows the whole board, levels of 255.
const CLEAN: f64 = 1.5;

/// Residual below which the map of a square frame onto the whole board is accepted without a search, levels of 255.
const PLAIN: f64 = 6.0;

/// Share of the residual below which another map is preferred to that of a square frame onto the whole board. Noise and
/// codecs leave a residual that no map removes but every blurring one reduces a little.
const CLEARLY_BETTER: f64 = 0.75;

/// Residual above which the frame is taken to show no PushT board, levels of 255.
const FOREIGN: f64 = 30.0;

/// Residual above which the frame is compared with the turned board, levels of 255. The turned board leaves 8 to 12; clean
/// frames leave 1, coarse codecs as much as it.
const DOUBTFUL: f64 = 5.0;

/// Residual up to which a map is right, or nearly so, levels of 255.
const NEARLY_CLEAN: f64 = 2.5;

/// Increase of the cost from which the map of a whole board is right, squared levels: without walls at their places there is
/// at most 4.
const SURE: f64 = 4.5;

/// Increase of the cost from which a frame fixes the map ([`Content::firmness`]), squared levels. Boards whose goal and
/// walls are in view have 1 to 12.
const FIRM: f64 = 0.3;

/// Share of the goal that must be in view where a margin of the board is cut off.
const GOAL_IN_VIEW: f64 = 0.25;

/// Share of the residual below which the board is taken to lie turned.
const CLEARLY_TURNED: f64 = 0.75;

/// Residual up to which a part of a frame shows a board of its own, levels of 255: without walls and goal at their places 14
/// are left. Where a board takes up most of the frame, that share of its residual.
const OWN_BOARD: (f64, f64) = (6.0, 0.6);
const MOST: f64 = 0.6;

/// Finds the board in frames.
pub struct Registrar {
    pictures: [Picture; 2],
    /// The board turned clockwise by a quarter, a half and three quarters. The goal of PushT has a diagonal of the board as
    /// its axis, so that the mirror images are among them.
    turned: [Picture; 3],
    /// Centroid and standard deviation of the goal's green, board px.
    goal: Option<[[f64; 2]; 2]>,
}

impl Registrar {
    /// A registrar for boards with this goal.
    ///
    /// # Errors
    /// A goal pose that is not finite.
    pub fn new(goal: Pose) -> Result<Self, VisionError> {
        let colors = Background::new(goal)?.color;
        let sampled = Picture::new(SIDE, &colors);
        let turned = [1, 2, 3].map(|quarters| Picture::new(SIDE, &turned(&colors, quarters)));
        let green = spread(sampled.all.iter().map(|(at, [r, g, b, _])| (at, greenness([r, g, b]))));
        Ok(Self {
            pictures: [sampled, Picture::averaged(goal)?],
            turned,
            goal: green,
        })
    }

    /// Finds the board in one frame. A square frame that fits the whole board is taken to show exactly that; all others
    /// are searched, also for boards of which a margin is cut off. A square frame for which the search finds nothing
    /// clearly better is also taken to show exactly the board.
    ///
    /// # Errors
    /// A frame of fewer than 16 pixels per side; one that shows no PushT board, several of them, or one that is turned or
    /// mirrored, or so little of it that the goal and the walls in view do not fix where it lies.
    pub fn register(&self, frame: &Frame) -> Result<Registration, VisionError> {
        let (width, height) = frame.dimensions();
        if width < 16 || height < 16 {
            return Err(VisionError::NoBoard {
                width,
                height,
                residual: f64::INFINITY,
            });
        }
        let stretched = edges_of(&Registration::stretched((width, height)));
        let pixels = &Pixels::new(frame);
        let view = View {
            frame: pixels,
            extent: Extent::Whole,
        };
        let plain = self.best(|picture| rated(view, picture, stretched));
        if width == height && plain.residual < CLEAN {
            return Ok(plain);
        }
        if has_color(frame) {
            let found = self.search(frame, view, plain);
            if !matches!(
                found,
                Err(VisionError::TurnedBoard { .. } | VisionError::NoBoard { .. })
            ) {
                self.refuse_several(frame, &found)?;
                self.refuse_tilted(frame, &found)?;
            }
            return found;
        }
        Err(match self.whole(frame, view, plain) {
            Err(no_board @ VisionError::NoBoard { .. }) => no_board,
            _ => VisionError::NoColor { width, height },
        })
    }

    /// The map of a frame that is not certainly the whole board.
    fn search(&self, frame: &Frame, view: View<'_>, plain: Registration) -> Result<Registration, VisionError> {
        let whole = match self.whole(frame, view, plain) {
            Err(turned @ VisionError::TurnedBoard { .. }) => return Err(turned),
            whole => whole,
        };
        self.with_margins_cut(frame, whole)
    }

    /// `whole`, the map of a frame that shows the whole board, if no map of a part of the board is clearly better.
    fn with_margins_cut(
        &self,
        frame: &Frame,
        whole: Result<Registration, VisionError>,
    ) -> Result<Registration, VisionError> {
        let (width, height) = frame.dimensions();
        let content = Content::of(frame);
        // The walls where they should be leave no doubt.
        if let Ok(map) = &whole
            && self.firmness(&content, edges_of(map)) >= SURE
        {
            return whole;
        }
        let found = match &whole {
            Ok(map) if map.residual < NEARLY_CLEAN => {
                self.best(|picture| content.refined(picture, content.inside(edges_of(map))))
            }
            _ => {
                let mut starts: Vec<Edges> = vec![content.edges()];
                starts.extend(whole.as_ref().map(edges_of));
                starts.extend(self.by_goal(frame));
                self.best(|picture| content.search(picture, &starts))
            }
        };
        let limit = match &whole {
            Ok(whole) => CLEARLY_BETTER * self.best(|picture| content.rated(picture, edges_of(whole))).residual,
            Err(_) => DOUBTFUL,
        };
        let uncertain = VisionError::UncertainBoard { width, height };
        if found.residual < limit {
            let found = self.sharpened(&content, found);
            let firm = self.firmness(&content, edges_of(&found)) >= FIRM;
            let in_view = content.goal_in_view(&self.pictures[0], edges_of(&found)) >= GOAL_IN_VIEW;
            return if firm && in_view { Ok(found) } else { Err(uncertain) };
        }
        let map = whole?;
        // In a small frame, codecs and blur hide how well it fixes the map.
        match content.is_small() || self.firmness(&content, edges_of(&found)) >= FIRM {
            true => Ok(map),
            false => Err(uncertain),
        }
    }

    /// A map found in the averaged frame, sharpened where the frame is not an enlarged one: the blocks of such a frame fix no
    /// map within their size.
    fn sharpened(&self, content: &Content, found: Registration) -> Registration {
        let [sampled, averaged] = self.pictures.each_ref().map(|p| content.sharpened(p, edges_of(&found)));
        if averaged.residual < sampled.residual {
            averaged
        } else {
            found
        }
    }

    /// How well a frame fixes a map, with the image that fits it better.
    fn firmness(&self, content: &Content, edges: Edges) -> f64 {
        let rated = self
            .pictures
            .each_ref()
            .map(|picture| (content.rated(picture, edges).residual, picture));
        let better = rated.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
        better.map_or(0.0, |(_, picture)| content.firmness(picture, edges))
    }

    /// The map of a frame that shows the whole board.
    fn whole(&self, frame: &Frame, pixels: View<'_>, plain: Registration) -> Result<Registration, VisionError> {
        let (width, height) = frame.dimensions();
        let stretched = edges_of(&plain);
        let [across, down] = [width, height].map(f64::from);
        if width == height && plain.residual < PLAIN {
            return Ok(plain);
        }
        let square = |side: f64| square((width, height), side);
        let mut starts = vec![stretched, square(across.min(down)), square(across.max(down))];
        let by_goal = self.by_goal(frame);
        starts.extend(by_goal);
        let best = self.best(|picture| {
            let least = |a: &Rated, b: &Rated| a.1.total_cmp(&b.1);
            let coarse = starts.iter().map(|&start| search(pixels, &picture.few, start, FAR));
            let coarse = coarse.min_by(least).map(|(edges, _)| edges);
            let medium = coarse
                .into_iter()
                .chain(by_goal)
                .map(|start| scanned(pixels, &picture.few, start));
            let found = medium.min_by(least).map_or(stretched, |(edges, _)| edges);
            rated(pixels, picture, search(pixels, &picture.all, found, EXACT).0)
        });
        if best.residual > DOUBTFUL {
            self.refuse_turned(pixels, &[stretched, edges_of(&best)], best.residual)?;
        }
        if best.residual > FOREIGN {
            let residual = best.residual;
            return Err(VisionError::NoBoard {
                width,
                height,
                residual,
            });
        }
        if width == height && best.residual > CLEARLY_BETTER * plain.residual {
            return Ok(plain);
        }
        Ok(best)
    }

    /// An error if the turned board fits clearly better than `upright`, the residual of the board as it should lie.
    fn refuse_turned(&self, frame: View<'_>, starts: &[Edges], upright: f64) -> Result<(), VisionError> {
        for (picture, quarters) in self.turned.iter().zip(1..) {
            let found = starts.iter().map(|&start| {
                let near = search(frame, &picture.few, start, FAR).0;
                rated(frame, picture, near).residual
            });
            let residual = found.fold(f64::INFINITY, f64::min);
            if residual < CLEARLY_TURNED * upright {
                let degrees = 90 * quarters;
                return Err(VisionError::TurnedBoard { degrees });
            }
        }
        Ok(())
    }

    /// An error if there is a board beside the one that was found, or if parts of the frame fit boards clearly better than the
    /// whole does.
    fn refuse_several(&self, frame: &Frame, found: &Result<Registration, VisionError>) -> Result<(), VisionError> {
        let (width, height) = frame.dimensions();
        let several = VisionError::SeveralBoards { width, height };
        let mut limit = OWN_BOARD.0;
        if let Ok(map) = found {
            let beside = strips(frame, edges_of(map));
            if beside.iter().any(|strip| self.residual_in(strip) < limit) {
                return Err(several);
            }
            let covered = map.scale.iter().map(|scale| scale * BOARD).product::<f64>();
            let mostly = covered > MOST * f64::from(width * height);
            if map.residual < (if mostly { PLAIN } else { NEARLY_CLEAN }) {
                return Ok(());
            }
            if mostly {
                limit = OWN_BOARD.1 * map.residual;
            }
        }
        let boards = |cells: Vec<Frame>| cells.iter().filter(|cell| self.residual_in(cell) < limit).count();
        match grids(frame).any(|cells| boards(cells) > 1) {
            true => Err(several),
            false => Ok(()),
        }
    }

    /// Residual of the whole board in a part of a frame; infinite if there is no color in it.
    fn residual_in(&self, part: &Frame) -> f64 {
        if !has_color(part) {
            return f64::INFINITY;
        }
        let pixels = &Pixels::new(part);
        let view = View {
            frame: pixels,
            extent: Extent::Whole,
        };
        let [width, height] = [part.width(), part.height()].map(f64::from);
        let stretched = [[0.0, width], [0.0, height]];
        let starts = [
            Some(stretched),
            Some(square(part.dimensions(), width.min(height))),
            self.by_goal(part),
        ];
        let found = self.best(|picture| {
            let near = starts
                .iter()
                .flatten()
                .map(|&start| search(view, &picture.few, start, FAR));
            let near = near.min_by(|a, b| a.1.total_cmp(&b.1));
            rated(view, picture, near.map_or(stretched, |(edges, _)| edges))
        });
        found.residual
    }

    /// An error if a board that is turned by some angle fits the frame clearly better than one that is not.
    fn refuse_tilted(&self, frame: &Frame, found: &Result<Registration, VisionError>) -> Result<(), VisionError> {
        let (residual, edges) = match found {
            Ok(map) => (map.residual, Some(edges_of(map))),
            Err(_) => (f64::INFINITY, None),
        };
        let Some((goal, green)) = self.goal.zip(green_of(frame)) else {
            return Ok(());
        };
        if residual < NEARLY_CLEAN {
            return Ok(());
        }
        let content = Content::of(frame);
        let upright = content.inside(edges.unwrap_or(content.edges()));
        let green = [content.point_inside(green[0]), green[1]];
        let turn = turn_of(content.pixels(), &self.pictures, upright, [green, goal]);
        let Some(degrees) = turn.map(f64::to_degrees) else {
            return Ok(());
        };
        let quarters = (degrees / 90.0).round();
        Err(match quarters != 0.0 && (degrees - 90.0 * quarters).abs() < 1.0 {
            true => VisionError::TurnedBoard {
                degrees: (90.0 * quarters).rem_euclid(360.0) as u16,
            },
            false => VisionError::TiltedBoard { degrees },
        })
    }

    /// The better of the maps found with the two images.
    fn best(&self, find: impl Fn(&Picture) -> Registration) -> Registration {
        let [a, b] = self.pictures.each_ref().map(find);
        if b.residual < a.residual { b } else { a }
    }

    /// The map under which the goal's green has the centroid and spread found in the frame.
    fn by_goal(&self, frame: &Frame) -> Option<[[f64; 2]; 2]> {
        let [center, deviation] = self.goal?;
        let [found, wide] = green_of(frame)?;
        Some([0, 1].map(|k| {
            let scale = wide[k] / deviation[k];
            let start = found[k] - (center[k] + 0.5) * scale;
            [start, start + BOARD * scale]
        }))
    }
}

/// Edges of a square in the middle of a frame.
fn square((width, height): (u32, u32), side: f64) -> Edges {
    [width, height]
        .map(f64::from)
        .map(|size| [(size - side) / 2.0, (size + side) / 2.0])
}

/// Centroid and standard deviation of the green in a frame, px.
fn green_of(frame: &Frame) -> Option<[[f64; 2]; 2]> {
    // Every pixel of a small frame, about 200 × 200 of a large one.
    let step = (frame.width().max(frame.height()) / 200).max(1) as usize;
    let points = (0..frame.height())
        .step_by(step)
        .flat_map(|y| (0..frame.width()).step_by(step).map(move |x| (x, y)));
    spread(points.map(|(x, y)| {
        let at = [f64::from(x) + 0.5, f64::from(y) + 0.5];
        (at, greenness(frame.get_pixel(x, y).0.map(f32::from)))
    }))
}
