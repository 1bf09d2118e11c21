//! The user's own picture, fitted into the output without stretching.

use std::io::{self, Cursor, Read};

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, Rgba};
use lenscap_picture::card::{Canvas, Colour, MAX_SIDE, PictureProblem};

/// Most memory a decoder may take.
const MAX_ALLOC: u64 = 256 << 20;
/// Largest file read.
const MAX_FILE: u64 = 64 << 20;

/// The picture in this file, scaled to fit and centred on black.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn letterboxed(file: impl Read, (width, height): (u32, u32)) -> Result<Canvas, PictureProblem> {
    let mut content = Vec::new();
    if file.take(MAX_FILE + 1).read_to_end(&mut content)? as u64 > MAX_FILE {
        return Err(PictureProblem::TooLarge);
    }
    let picture = fitted(decoded(&content)?, width, height).into_rgba8();
    let mut canvas = Canvas::new(width, height, Colour::BLACK);
    // Even offsets: no chroma sample straddles the border.
    let left = (width.saturating_sub(picture.width()) / 2) & !1;
    let top = (height.saturating_sub(picture.height()) / 2) & !1;
    for (x, y, Rgba([r, g, b, a])) in picture.enumerate_pixels() {
        canvas.blend(i64::from(x + left), i64::from(y + top), Colour([*r, *g, *b]), f32::from(*a) / 255.0);
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

fn decoded(content: &[u8]) -> Result<DynamicImage, PictureProblem> {
    let explain = |error: ImageError| match error {
        ImageError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => error.into(),
        ImageError::Limits(_) => PictureProblem::TooLarge,
        ImageError::Unsupported(_) => PictureProblem::OtherKind,
        _ => PictureProblem::Damaged,
    };
    let mut reader = ImageReader::new(Cursor::new(content)).with_guessed_format().map_err(PictureProblem::from)?;
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
