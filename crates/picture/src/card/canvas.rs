//! A packed RGB picture and the few shapes a card needs, antialiased.

use super::colour::Colour;

/// Packed RGB, three bytes a pixel, no padding.
#[derive(Debug)]
pub struct Canvas {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Canvas {
    /// Of one colour.
    pub fn new(width: u32, height: u32, colour: Colour) -> Self {
        Self { width, height, rgb: colour.0.repeat(width as usize * height as usize) }
    }

    /// Of these bytes, three a pixel.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Self {
        debug_assert_eq!(rgb.len(), width as usize * height as usize * 3);
        Self { width, height, rgb }
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes.
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    /// The rows, top to bottom.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.rgb.chunks_exact(self.width.max(1) as usize * 3)
    }

    /// Mixes `colour` into a pixel; outside the picture nothing happens. `coverage` is clamped to 0..=1.
    pub fn blend(&mut self, x: i64, y: i64, colour: Colour, coverage: f32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if x >= self.width || y >= self.height {
            return;
        }
        let alpha = (coverage.clamp(0.0, 1.0) * 255.0) as u32;
        let start = (y as usize * self.width as usize + x as usize) * 3;
        for (old, new) in self.rgb.iter_mut().skip(start).zip(colour.0) {
            *old = ((u32::from(*old) * (255 - alpha) + u32::from(new) * alpha + 127) / 255) as u8;
        }
    }

    /// Fills the shape whose signed distance (negative inside, in pixels) is given for points relative to the centre;
    /// `reach` bounds it in both directions.
    pub fn fill(&mut self, centre: (f32, f32), reach: f32, colour: Colour, distance: impl Fn(f32, f32) -> f32) {
        let range = |middle: f32| (middle - reach - 1.0).floor() as i64..=(middle + reach + 1.0).ceil() as i64;
        for y in range(centre.1) {
            for x in range(centre.0) {
                let distance = distance(x as f32 + 0.5 - centre.0, y as f32 + 0.5 - centre.1);
                if distance < 0.5 {
                    self.blend(x, y, colour, 0.5 - distance);
                }
            }
        }
    }
}
