//! Cards as they are to be, drawn by `lenscap-cards`: asked, heard and packed in a thread, so that no picture waits for it.
//!
//! Thread and process end with the answer, or at the deadline; the process ends with the thread, however that goes.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use lenscap_core::trouble::cameras::HelperTrouble;
use lenscap_picture::card::{CardStyle, PictureProblem};
use lenscap_picture::format::VideoFormat;
use lenscap_wire::cards::{self, CardOrder};
use lenscap_words::card::titles;

use crate::output::cards::Packed;

/// How long it may take: nobody waits for it. Without a cache fontconfig reads every font there is.
const LIMIT: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Drawn {
    /// For each card, for all, or none where there are no letters for the words.
    pub(crate) pictures: Vec<Packed>,
    /// Why the user's picture is not the card.
    pub(crate) problem: Option<PictureProblem>,
}

/// Cards that are being drawn.
#[derive(Debug)]
pub(crate) struct CardDrawing {
    /// How they are to look.
    pub(crate) style: CardStyle,
    /// What they are to be.
    pub(crate) format: VideoFormat,
    /// Its other end closes when there is an answer.
    done: PipeReader,
    answer: Receiver<Result<Drawn, HelperTrouble>>,
}

impl CardDrawing {
    /// Begins. `is_confined`: the process gives up what it does not need.
    ///
    /// # Errors
    /// There is no thread, or no descriptor.
    pub(crate) fn start(
        program: PathBuf,
        style: CardStyle,
        format: VideoFormat,
        is_confined: bool,
    ) -> io::Result<Self> {
        let (done, not_done) = io::pipe()?;
        let (sender, answer) = channel();
        let order = CardOrder { is_confined, ..CardOrder::new(&style, titles(), format) };
        let work = {
            let style = style.clone();
            move || {
                let mut pictures = Vec::new();
                let until = Instant::now() + LIMIT;
                let answer = cards::draw(&program, &style, order, until, |picture| pictures.push(Packed::new(picture)));
                // Nobody listens any more: they are of no use.
                let _ = sender.send(answer.map(|answer| Drawn { pictures, problem: answer.problem }));
                drop(not_done);
            }
        };
        std::thread::Builder::new().name("cards".into()).spawn(work)?;
        Ok(Self { style, format, done, answer })
    }

    /// Readable when there is an answer.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.done.as_fd()
    }

    /// The answer, once.
    pub(crate) fn answer(&self) -> Option<Result<Drawn, HelperTrouble>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(HelperTrouble::Mute)),
        }
    }
}
