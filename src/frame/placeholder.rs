//! Not written yet.
#![allow(missing_docs)]
use super::format::VideoFormat;
use std::path::PathBuf;
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardStyle {
    Text,
    Black,
    Picture(PathBuf),
}
#[derive(Debug)]
pub struct CardText {
    pub title: String,
    pub detail: String,
}
#[derive(Debug)]
pub struct Painter {
    style: CardStyle,
}
impl Painter {
    pub fn new(style: CardStyle) -> Self {
        Self { style }
    }
    pub fn draw(&self, _c: &CardText, f: &VideoFormat) -> Result<Vec<u8>, String> {
        match &self.style {
            CardStyle::Picture(p) => Err(format!("{}: choose a PNG or JPEG", p.display())),
            _ => Ok(vec![128; f.size_image() as usize]),
        }
    }
}
