//! Frames in the representation of their codec.

use crate::Frame;
#[cfg(feature = "mp4")]
use crate::read::yuv::Planes;

/// A frame as its codec stores it: H.264 and AV1 have planes of luma and color differences. [`RawFrame::into_rgb`]
/// converts all of it to RGB, [`RawFrame::read`] only some pixels, with the same result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame(Stored);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stored {
    Rgb(Frame),
    #[cfg(feature = "mp4")]
    Planes(Planes),
}

/// Difference in brightness from which a pixel differs clearly, levels: codecs do not repeat a picture exactly.
const CHANGED: u8 = 16;

impl RawFrame {
    /// `None` if a plane is too short for the size.
    #[cfg(feature = "mp4")]
    pub(crate) fn from_planes(planes: Planes) -> Option<Self> {
        planes.complete().then_some(Self(Stored::Planes(planes)))
    }

    /// Width and height.
    pub fn dimensions(&self) -> (u32, u32) {
        match &self.0 {
            Stored::Rgb(frame) => frame.dimensions(),
            #[cfg(feature = "mp4")]
            Stored::Planes(planes) => planes.orientation.size(planes.size),
        }
    }

    /// Writes red, green and blue of the pixels of row `y` in these columns, in their order. Pixels outside the frame
    /// are skipped: their output is not changed.
    pub fn read(&self, y: usize, columns: &[usize], [red, green, blue]: [&mut [u8]; 3]) {
        if y >= self.dimensions().1 as usize {
            return;
        }
        match &self.0 {
            Stored::Rgb(frame) => {
                let width = frame.width() as usize;
                let row = &frame.as_raw().as_chunks::<3>().0[y * width..(y + 1) * width];
                let out = red.iter_mut().zip(green).zip(blue);
                for (&x, ((red, green), blue)) in columns.iter().zip(out) {
                    if let Some(&pixel) = row.get(x) {
                        [*red, *green, *blue] = pixel;
                    }
                }
            }
            #[cfg(feature = "mp4")]
            Stored::Planes(planes) => planes.read(y, columns, [red, green, blue]),
        }
    }

    /// Number of pixels that clearly differ from those of another frame, in brightness.
    pub(crate) fn changed(&self, other: &Self) -> usize {
        match (&self.0, &other.0) {
            (Stored::Rgb(a), Stored::Rgb(b)) => {
                let pixels = a.as_raw().as_chunks::<3>().0.iter().zip(b.as_raw().as_chunks::<3>().0);
                pixels.filter(|(a, b)| a[1].abs_diff(b[1]) > CHANGED).count()
            }
            #[cfg(feature = "mp4")]
            (Stored::Planes(a), Stored::Planes(b)) => a.changed(b, CHANGED),
            #[cfg(feature = "mp4")]
            _ => usize::MAX,
        }
    }

    /// The whole frame as RGB.
    pub fn into_rgb(self) -> Frame {
        match self.0 {
            Stored::Rgb(frame) => frame,
            #[cfg(feature = "mp4")]
            Stored::Planes(planes) => planes.to_rgb(),
        }
    }

    /// A copy of the whole frame as RGB.
    pub fn to_rgb(&self) -> Frame {
        match &self.0 {
            Stored::Rgb(frame) => frame.clone(),
            #[cfg(feature = "mp4")]
            Stored::Planes(planes) => planes.to_rgb(),
        }
    }
}

impl From<Frame> for RawFrame {
    fn from(frame: Frame) -> Self {
        Self(Stored::Rgb(frame))
    }
}
