//! What `lenscap-cards` is asked for, and answers: all cards of one look and format at once, from a process that then ends.
//!
//! 1. The order is its only argument, as JSON. The user's picture, where that is the card, is its standard input, open already:
//!    the process itself can read nothing but fonts.
//! 2. It prints an [`Answer`] as JSON, before that its length in four bytes, little endian; behind it as many pictures as the
//!    answer says, each of exactly [`CardOrder::size`] bytes. What is not so is no answer.
//! 3. A picture may say anything in its bytes: nothing is read from them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use lenscap_core::event::Card;
use lenscap_core::trouble::cameras::HelperTrouble;
use lenscap_picture::card::{CardKind, CardStyle, Colour, PictureProblem};
use lenscap_picture::format::VideoFormat;

use crate::helper_process::HelperProcess;

/// The longest answer before its pictures, in bytes.
const MAX_ANSWER: usize = 4096;

/// What is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardOrder {
    /// How large, and in which pixels.
    pub format: VideoFormat,
    /// In packed RGB instead, for people's eyes.
    pub is_rgb: bool,
    /// Behind everything.
    pub background: Colour,
    /// The sign and the words.
    pub foreground: Colour,
    /// The words of each card, in the order of [`Card::ALL`].
    pub titles: [String; Card::ALL.len()],
    /// A line below them; empty: none.
    pub text: String,
    /// Whether the standard input is the user's picture, which is to be the card.
    pub is_picture: bool,
    /// Whether it is to give up what it does not need.
    pub is_confined: bool,
}

impl CardOrder {
    /// Cards of this look with these words.
    pub fn new(style: &CardStyle, titles: [String; Card::ALL.len()], format: VideoFormat) -> Self {
        Self {
            format,
            is_rgb: false,
            background: style.colours.background,
            foreground: style.colours.foreground(),
            titles,
            text: style.text.clone(),
            is_picture: false,
            is_confined: true,
        }
    }

    /// Bytes of a picture.
    pub fn size(&self) -> usize {
        match self.is_rgb {
            true => self.format.width as usize * self.format.height as usize * 3,
            false => self.format.size_image() as usize,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// How many pictures follow.
    pub pictures: Pictures,
    /// Why the user's picture is not the card: those with words are instead.
    pub problem: Option<PictureProblem>,
}

/// How many pictures there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pictures {
    /// One for each card, in the order of [`Card::ALL`].
    Each,
    /// The same for all.
    Same,
    /// None: there is no font for the words.
    None,
}

/// Has these cards drawn by this program, and hands each picture to `take` as it comes. Waits, and decodes nothing.
///
/// # Errors
/// The program cannot be started, does not answer in time, or gives no answer; what was taken before is of no use then.
pub fn draw(
    program: &Path,
    style: &CardStyle,
    mut order: CardOrder,
    until: Instant,
    mut take: impl FnMut(&[u8]),
) -> Result<Answer, HelperTrouble> {
    let mut own_problem = None;
    let mut input = Stdio::null();
    if let CardKind::Picture(picture) = &style.kind {
        match picture.open() {
            Ok(file) => (input, order.is_picture) = (file.into(), true),
            Err(problem) => own_problem = Some(problem),
        }
    }
    let argument = serde_json::to_string(&order).map_err(|_| HelperTrouble::Unreadable)?;
    let mut command = Command::new(program);
    let started = HelperProcess::with_input(command.arg(argument).stderr(Stdio::null()), input);
    let mut process = started.map_err(|error| HelperTrouble::Kernel(error.into()))?;
    let mut answer = answer(&mut process, until)?;
    let count = match answer.pictures {
        Pictures::Each => Card::ALL.len(),
        Pictures::Same => 1,
        Pictures::None => 0,
    };
    let mut picture = vec![0; if count > 0 { order.size() } else { 0 }];
    for _ in 0..count {
        process.exact(until, &mut picture)?;
        take(&picture);
    }
    process.end(until)?;
    answer.problem = own_problem.or(answer.problem);
    Ok(answer)
}

fn answer(process: &mut HelperProcess, until: Instant) -> Result<Answer, HelperTrouble> {
    let mut length = [0; 4];
    process.exact(until, &mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_ANSWER {
        return Err(HelperTrouble::TooMuch);
    }
    let mut answer = vec![0; length];
    process.exact(until, &mut answer)?;
    serde_json::from_slice(&answer).map_err(|_| HelperTrouble::Unreadable)
}

impl Answer {
    /// The bytes before the pictures.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
        [&length.to_le_bytes()[..], &json].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use lenscap_picture::format::PixelFormat;

    fn asked(script: &str) -> Result<(Answer, Vec<Vec<u8>>), HelperTrouble> {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("cards");
        // Written by another process: what another test forks meanwhile would have it open for writing.
        let write = "printf '%s' \"$1\" > \"$2\" && chmod 755 \"$2\"";
        let script = format!("#!/bin/sh\n{script}\n");
        assert!(Command::new("sh").args(["-c", write, "sh", &script]).arg(&program).status().unwrap().success());
        let format = VideoFormat::new(PixelFormat::Yuy2, 4, 2, 30).unwrap();
        let order = CardOrder::new(&CardStyle::default(), Default::default(), format);
        let mut pictures = Vec::new();
        let until = Instant::now() + Duration::from_secs(2);
        let answer = draw(&program, &CardStyle::default(), order, until, |picture| pictures.push(picture.to_vec()));
        answer.map(|answer| (answer, pictures))
    }

    /// A script that prints this answer, and then so many bytes.
    fn says(pictures: Pictures, bytes: usize) -> String {
        let answer = Answer { pictures, problem: None }.to_bytes();
        let escaped: String = answer.iter().map(|byte| format!("\\{byte:03o}")).collect();
        format!("printf '{escaped}'; head -c {bytes} /dev/zero")
    }

    #[test]
    fn as_many_pictures_as_were_promised_are_taken() {
        for (pictures, count) in [(Pictures::Each, Card::ALL.len()), (Pictures::Same, 1), (Pictures::None, 0)] {
            let (answer, drawn) = asked(&says(pictures, count * 16)).unwrap();
            assert_eq!((answer.pictures, drawn), (pictures, vec![vec![0; 16]; count]));
        }
    }

    #[test]
    fn a_process_that_hangs_dies_or_lies_gives_no_answer() {
        for (script, trouble) in [
            ("exit 1".to_owned(), HelperTrouble::Crashed),
            ("kill -SEGV $$".to_owned(), HelperTrouble::Crashed),
            ("printf '\\377\\377\\377\\377'".to_owned(), HelperTrouble::TooMuch),
            ("printf '\\002\\000\\000\\000no'".to_owned(), HelperTrouble::Unreadable),
            (says(Pictures::Each, Card::ALL.len() * 16 - 1), HelperTrouble::Crashed),
            (says(Pictures::Each, Card::ALL.len() * 16 + 1), HelperTrouble::TooMuch),
            (says(Pictures::None, 1 << 20), HelperTrouble::TooMuch),
        ] {
            assert_eq!(asked(&script).err(), Some(trouble), "{script}");
        }
        for script in ["sleep 1000".to_owned(), format!("{}; sleep 1000", says(Pictures::Each, Card::ALL.len() * 16))] {
            assert!(matches!(asked(&script), Err(HelperTrouble::Late { .. })), "{script}");
        }
        let format = VideoFormat::new(PixelFormat::Yuy2, 4, 2, 30).unwrap();
        let order = CardOrder::new(&CardStyle::default(), Default::default(), format);
        let gone = draw(Path::new("/no/such/program"), &CardStyle::default(), order, Instant::now(), |_| ());
        assert!(matches!(gone, Err(HelperTrouble::Kernel(_))), "{gone:?}");
    }
}
