//! RGB to limited-range BT.601 in integers (ITU-R BT.601 coefficients scaled by 256).

use super::Canvas;
use crate::format::{PixelFormat, VideoFormat};

/// Limited-range luma of black.
const BLACK_Y: u8 = 16;
/// Chroma without colour.
const NEUTRAL: u8 = 128;

fn luma(rgb: &[u8]) -> u8 {
    let [r, g, b] = channels(rgb);
    (((66 * r + 129 * g + 25 * b + 128) >> 8) + 16) as u8
}

/// U and V of the average of some pixels, whose channels are summed in `sum`.
fn chroma([r, g, b]: [i32; 3], count: i32) -> [u8; 2] {
    let half = 128 * count;
    let u = (-38 * r - 74 * g + 112 * b + half).div_euclid(256 * count) + 128;
    let v = (112 * r - 94 * g - 18 * b + half).div_euclid(256 * count) + 128;
    [u as u8, v as u8]
}

fn channels(rgb: &[u8]) -> [i32; 3] {
    match rgb {
        [r, g, b, ..] => [i32::from(*r), i32::from(*g), i32::from(*b)],
        _ => [0; 3],
    }
}

fn sum(pixels: &[u8]) -> [i32; 3] {
    pixels.chunks_exact(3).map(channels).fold([0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]])
}

/// The picture in `format`; sides must be even.
pub fn from_rgb(canvas: &Canvas, format: PixelFormat) -> Vec<u8> {
    match format {
        PixelFormat::Yuy2 => yuy2(canvas),
        PixelFormat::Nv12 | PixelFormat::I420 => planar(canvas, format),
    }
}

fn yuy2(canvas: &Canvas) -> Vec<u8> {
    let mut out = Vec::with_capacity(canvas.rows().map(|row| row.len() / 3 * 2).sum());
    for pair in canvas.rows().flat_map(|row| row.chunks_exact(6)) {
        let [u, v] = chroma(sum(pair), 2);
        out.extend_from_slice(&[luma(pair), u, luma(&pair[3..]), v]);
    }
    out
}

fn planar(canvas: &Canvas, format: PixelFormat) -> Vec<u8> {
    let pixels: usize = canvas.rows().map(|row| row.len() / 3).sum();
    let mut out = Vec::with_capacity(pixels * 3 / 2);
    out.extend(canvas.rows().flat_map(|row| row.chunks_exact(3)).map(luma));
    let mut rows = canvas.rows();
    // I420 keeps V apart; in NV12 it follows each U.
    let mut v_plane = Vec::with_capacity(if format == PixelFormat::I420 { pixels / 4 } else { 0 });
    while let (Some(upper), Some(lower)) = (rows.next(), rows.next()) {
        for (a, b) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            let (a, b) = (sum(a), sum(b));
            let [u, v] = chroma([a[0] + b[0], a[1] + b[1], a[2] + b[2]], 4);
            out.push(u);
            if format == PixelFormat::I420 {
                v_plane.push(v);
            } else {
                out.push(v);
            }
        }
    }
    out.append(&mut v_plane);
    out
}

/// A black picture.
pub fn black(format: &VideoFormat) -> Vec<u8> {
    let size = format.size_image() as usize;
    match format.pixel_format {
        PixelFormat::Yuy2 => [BLACK_Y, NEUTRAL].repeat(size / 2),
        PixelFormat::Nv12 | PixelFormat::I420 => {
            let mut out = vec![BLACK_Y; size];
            for chroma in out.iter_mut().skip(format.width as usize * format.height as usize) {
                *chroma = NEUTRAL;
            }
            out
        }
    }
}
