//! The user's own picture, fitted into the output without stretching.

use std::fmt;
use std::fs;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, Rgba};

use super::canvas::{BLACK, Canvas};
use lenscap_text::Cause;

/// Longest side taken, in pixels, as the largest output.
pub const MAX_SIDE: u32 = 8192;
/// Most memory a decoder may take.
const MAX_ALLOC: u64 = 256 << 20;
/// Largest file read; it is kept while it is the card.
const MAX_FILE: u64 = 64 << 20;

/// Why the user's picture cannot be the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureTrouble {
    /// Its file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: PictureProblem,
}

/// What is wrong with a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PictureProblem {
    /// There is no such file.
    Missing,
    /// The user may not read it.
    Forbidden,
    /// It cannot be read.
    Unreadable(Cause),
    /// A directory, a pipe, a device.
    NoFile,
    /// More than 64 MiB, or a side of more than [`MAX_SIDE`].
    TooLarge,
    /// Neither PNG nor JPEG.
    OtherKind,
    /// It cannot be decoded.
    Damaged,
}

/// A picture of the user's as its file had it: read once and elsewhere, for a home on a network may not answer, and cards are
/// drawn where nothing may wait.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    path: PathBuf,
    content: Arc<Result<Vec<u8>, PictureProblem>>,
}

impl Picture {
    /// Reads the file, of at most 64 MiB. What is wrong with it is known when it is drawn.
    pub fn read(path: &Path) -> Self {
        Self { path: path.to_owned(), content: Arc::new(content(path)) }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The picture, scaled to fit and centred on black.
pub(super) fn letterboxed(picture: &Picture, width: u32, height: u32) -> Result<Canvas, PictureTrouble> {
    let trouble = |problem| PictureTrouble { path: picture.path.clone(), problem };
    let content = picture.content.as_ref().as_ref().map_err(|problem| trouble(problem.clone()))?;
    let picture = fitted(decoded(content).map_err(trouble)?, width, height).into_rgba8();
    let mut canvas = Canvas::new(width, height, BLACK);
    // Even offsets: no chroma sample straddles the border.
    let left = (width.saturating_sub(picture.width()) / 2) & !1;
    let top = (height.saturating_sub(picture.height()) / 2) & !1;
    for (x, y, Rgba([r, g, b, a])) in picture.enumerate_pixels() {
        canvas.blend(i64::from(x + left), i64::from(y + top), [*r, *g, *b], f32::from(*a) / 255.0);
    }
    Ok(canvas)
}

fn fitted(picture: DynamicImage, width: u32, height: u32) -> DynamicImage {
    let (w, h) = (u64::from(picture.width().max(1)), u64::from(picture.height().max(1)));
    let (max_w, max_h) = (u64::from(width), u64::from(height));
    // Even sides, as the offsets; at least two pixels of even the thinnest picture.
    let even = |side: u64, max: u64| (((side + 1) & !1).clamp(2, max.max(2))) as u32;
    let (fit_w, fit_h) = if max_w * h <= max_h * w {
        (even(max_w, max_w), even(max_w * h / w, max_h))
    } else {
        (even(max_h * w / h, max_w), even(max_h, max_h))
    };
    // The good filter takes 16 bytes a pixel in between: bring large pictures near the size first.
    let picture = if w > 4 * u64::from(fit_w) && h > 4 * u64::from(fit_h) {
        picture.thumbnail_exact(fit_w * 2, fit_h * 2)
    } else {
        picture
    };
    picture.resize_exact(fit_w, fit_h, FilterType::Triangle)
}

fn unreadable(error: &io::Error) -> PictureProblem {
    match error.kind() {
        io::ErrorKind::NotFound => PictureProblem::Missing,
        io::ErrorKind::PermissionDenied => PictureProblem::Forbidden,
        _ => PictureProblem::Unreadable(error.into()),
    }
}

fn content(path: &Path) -> Result<Vec<u8>, PictureProblem> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        // Opening a pipe would wait for ever.
        return Err(PictureProblem::NoFile);
    }
    let mut content = Vec::new();
    let file = fs::File::open(path).map_err(|error| unreadable(&error))?;
    match file.take(MAX_FILE + 1).read_to_end(&mut content) {
        Ok(length) if length as u64 > MAX_FILE => Err(PictureProblem::TooLarge),
        Ok(_) => Ok(content),
        Err(error) => Err(unreadable(&error)),
    }
}

fn decoded(content: &[u8]) -> Result<DynamicImage, PictureProblem> {
    let explain = |error: ImageError| match error {
        ImageError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => unreadable(&error),
        ImageError::Limits(_) => PictureProblem::TooLarge,
        ImageError::Unsupported(_) => PictureProblem::OtherKind,
        _ => PictureProblem::Damaged,
    };
    let mut reader =
        ImageReader::new(Cursor::new(content)).with_guessed_format().map_err(|error| unreadable(&error))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(explain)?;
    // Phones write their photos lying down and say so.
    let orientation = decoder.orientation().map_err(explain)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(explain)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}
