//! A packed RGB picture and the few shapes a card needs, antialiased.

/// A colour, red, green, blue.
pub(super) type Rgb = [u8; 3];

/// Full-range RGB black; limited-range Y = 16 after conversion.
pub(super) const BLACK: Rgb = [0, 0, 0];

/// Packed RGB, three bytes a pixel, no padding.
#[derive(Debug)]
pub(super) struct Canvas {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32, colour: Rgb) -> Self {
        Self { width, height, rgb: colour.repeat(width as usize * height as usize) }
    }

    pub(super) fn width(&self) -> u32 {
        self.width
    }

    pub(super) fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    /// The rows, top to bottom.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.rgb.chunks_exact(self.width.max(1) as usize * 3)
    }

    /// Mixes `colour` into a pixel; outside the picture nothing happens. `coverage` is clamped to 0..=1.
    pub(super) fn blend(&mut self, x: i64, y: i64, colour: Rgb, coverage: f32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if x >= self.width || y >= self.height {
            return;
        }
        let alpha = (coverage.clamp(0.0, 1.0) * 255.0) as u32;
        let start = (y as usize * self.width as usize + x as usize) * 3;
        for (old, new) in self.rgb.iter_mut().skip(start).zip(colour) {
            *old = ((u32::from(*old) * (255 - alpha) + u32::from(new) * alpha + 127) / 255) as u8;
        }
    }

    /// Fills the shape whose signed distance (negative inside, in pixels) is given for points relative to the centre;
    /// `reach` bounds it in both directions.
    pub(super) fn fill(&mut self, centre: (f32, f32), reach: f32, colour: Rgb, distance: impl Fn(f32, f32) -> f32) {
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
