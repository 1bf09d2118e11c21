//! The user's own picture, fitted into the output without stretching.

use std::fmt;
use std::fs;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, Rgba};

use super::canvas::{BLACK, Canvas};
use lenscap_words::trf;

/// Longest side taken, as the largest output.
const MAX_SIDE: u32 = 8192;
/// Most memory a decoder may take.
const MAX_ALLOC: u64 = 256 << 20;
/// Largest file read; it is kept while it is the card.
const MAX_FILE: u64 = 64 << 20;

/// A picture of the user's as its file had it: read once and elsewhere, for a home on a network may not answer, and cards are
/// drawn where nothing may wait.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    path: PathBuf,
    content: Arc<Result<Vec<u8>, String>>,
}

impl Picture {
    /// Reads the file, of at most 64 MiB. What is wrong with it is told when it is drawn.
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
pub(super) fn letterboxed(picture: &Picture, width: u32, height: u32) -> Result<Canvas, String> {
    let content = picture.content.as_ref().as_ref().map_err(Clone::clone)?;
    let picture = fitted(decoded(content, &picture.path)?, width, height).into_rgba8();
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

fn unreadable(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => trf!("picture {path} does not exist: choose a PNG or JPEG", path = shown),
        io::ErrorKind::PermissionDenied => {
            trf!("picture {path} may not be read by you: choose a PNG or JPEG", path = shown)
        }
        _ => {
            trf!("picture {path} cannot be read ({error}): choose a PNG or JPEG", path = shown, error = error)
        }
    }
}

fn too_large(path: &Path) -> String {
    trf!(
        "picture {path} is too large: choose a PNG or JPEG of at most {max}x{max} pixels",
        path = path.display(),
        max = MAX_SIDE
    )
}

fn content(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        // Opening a pipe would wait for ever.
        return Err(trf!("picture {path} is not a file: choose a PNG or JPEG", path = path.display()));
    }
    let mut content = Vec::new();
    let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    match file.take(MAX_FILE + 1).read_to_end(&mut content) {
        Ok(length) if length as u64 > MAX_FILE => Err(too_large(path)),
        Ok(_) => Ok(content),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn decoded(content: &[u8], path: &Path) -> Result<DynamicImage, String> {
    let shown = path.display();
    let explain = |error: ImageError| match error {
        ImageError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => unreadable(path, &error),
        ImageError::Limits(_) => too_large(path),
        ImageError::Unsupported(_) => {
            trf!("picture {path} is of another kind: choose a PNG or JPEG", path = shown)
        }
        _ => trf!("picture {path} is damaged or not a picture: choose a PNG or JPEG", path = shown),
    };
    let mut reader =
        ImageReader::new(Cursor::new(content)).with_guessed_format().map_err(|error| unreadable(path, &error))?;
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
