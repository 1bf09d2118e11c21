//! The cards that all devices share: without words at once, and as they are to be when they are drawn.

use std::time::Instant;

use super::frames::SlotLease;
use super::token::EngineToken;
use super::{Engine, EngineConfig};
use crate::card_drawing::{CardDrawing, Drawn};
use crate::output::cards::CardSet;
use crate::reactor::Interest;
use lenscap_core::presence::Role;
use lenscap_core::trouble::cameras::HelperTrouble;
use lenscap_picture::card::{CardKind, PictureTrouble};
use lenscap_words as words;

impl Engine {
    /// The cards for a device that is opened with these settings: those that there are, or such without words.
    pub(super) fn cards_for(&self, config: &EngineConfig) -> CardSet {
        match self.cards.is_for(&config.style, &config.format) {
            true => self.cards.clone(),
            false => CardSet::plain(config.style.clone(), config.format),
        }
    }

    /// Has the cards drawn as the settings say, unless they are or soon will be.
    pub(super) fn draw_cards(&mut self) {
        let (style, format) = (self.config.style.clone(), self.config.format);
        let is_black = style.kind == CardKind::Black;
        let is_there = self.cards.is_for(&style, &format) && (is_black || self.cards.is_drawn());
        if is_there || self.drawing.is_some() || self.outlets.main().output().is_none() {
            return;
        }
        if is_black {
            return self.take_cards(CardSet::plain(style, format));
        }
        let program = self.config.card_program.clone();
        let started = CardDrawing::start(program, style, format, self.config.sandbox).and_then(|drawing| {
            self.reactor.watch(drawing.fd(), EngineToken::Cards, Interest::Readable).map(|()| drawing)
        });
        match started {
            Ok(drawing) => self.drawing = Some(drawing),
            Err(error) => self.take_no_cards(&HelperTrouble::Kernel(error.into())),
        }
    }

    /// Takes what was drawn.
    pub(super) fn dispatch_cards(&mut self) {
        let Some(answer) = self.drawing.as_ref().and_then(CardDrawing::answer) else { return };
        let Some(CardDrawing { style, format, .. }) = self.drawing.take() else { return };
        if (&style, &format) != (&self.config.style, &self.config.format) {
            return self.draw_cards();
        }
        match answer {
            Ok(Drawn { pictures, problem }) => {
                if let (Some(problem), CardKind::Picture(picture)) = (problem, &style.kind) {
                    let trouble = PictureTrouble { path: picture.path.clone(), problem };
                    tracing::warn!("{}.", words::picture::own_picture(&trouble));
                }
                if pictures.is_empty() {
                    tracing::warn!("{}", words::card::no_letters());
                    return self.stay_plain();
                }
                self.take_cards(CardSet::drawn(style, format, &pictures));
                tracing::info!("the cards are drawn");
            }
            Err(trouble) => self.take_no_cards(&trouble),
        }
    }

    fn take_no_cards(&mut self, trouble: &HelperTrouble) {
        tracing::warn!("{}", words::card::not_drawn(trouble));
        self.stay_plain();
    }

    /// They are those without words, until there are other settings.
    fn stay_plain(&mut self) {
        if !self.cards.is_for(&self.config.style, &self.config.format) {
            self.take_cards(self.cards_for(&self.config));
        }
    }

    /// From now on these are shown; in the place of others at once, where those are.
    fn take_cards(&mut self, cards: CardSet) {
        let now = Instant::now();
        for outlet in self.outlets.iter_mut() {
            let shows_camera = match outlet.role() {
                Role::Main => self.lease == SlotLease::Shown,
                Role::Further(_) | Role::Pipewire => self.camera_shown && outlet.wants_camera(),
            };
            outlet.take_cards(&cards, !shows_camera, now);
        }
        self.cards = cards;
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::Duration;

    use super::*;
    use crate::engine::tests::{config, streaming};
    use crate::output::OutputDevice;
    use lenscap_core::event::Card;
    use lenscap_picture::card::{CardStyle, Colour, Colours, plain};
    use lenscap_wire::cards::{Answer, Pictures};

    /// A program that prints a picture of this byte for each card, or does what else the script says.
    fn program(directory: &Path, script: &str) -> PathBuf {
        let path = directory.join("cards");
        // Written by another process: what another test forks meanwhile would have it open for writing.
        let write = "printf '%s' \"$1\" > \"$2\" && chmod 755 \"$2\"";
        let script = format!("#!/bin/sh\n{script}\n");
        assert!(Command::new("sh").args(["-c", write, "sh", &script]).arg(&path).status().unwrap().success());
        path
    }

    fn each_of(byte: char, size: u32) -> String {
        let answer = Answer { pictures: Pictures::Each, problem: None }.to_bytes();
        let answer: String = answer.iter().map(|byte| format!("\\{byte:03o}")).collect();
        format!("printf '{answer}'; head -c {} /dev/zero | tr '\\000' {byte}", size as usize * Card::ALL.len())
    }

    fn newest(engine: &Engine) -> Vec<u8> {
        match engine.output(Role::Main).expect("memory").device() {
            OutputDevice::Memory(memory) => memory.newest().expect("a card").1.to_vec(),
            OutputDevice::Loopback(_) | OutputDevice::Pipewire(_) => unreachable!(),
        }
    }

    fn turn_until(engine: &mut Engine, holds: impl Fn(&Engine) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !holds(engine) {
            assert!(Instant::now() < end, "not in time");
            engine.turn(Some(Duration::from_millis(100))).unwrap();
        }
    }

    fn engine(program: PathBuf) -> Engine {
        Engine::new(config(program), Box::new(|_| {})).expect("memory is there")
    }

    #[test]
    fn drawn_cards_take_the_place_of_plain_ones_and_nobody_waits_for_them() {
        let directory = tempfile::tempdir().unwrap();
        for streams in [false, true] {
            let size = config(PathBuf::new()).format.size_image();
            let mut engine = engine(program(directory.path(), &each_of('x', size)));
            let first = newest(&engine);
            assert!(first == plain(Card::Off, &CardStyle::default(), &engine.config.format), "there from the start");
            if streams {
                engine.set_presence(Role::Main, streaming());
            }
            turn_until(&mut engine, |engine| newest(engine).iter().all(|byte| *byte == b'x'));
            assert!(engine.drawing.is_none(), "thread and process are gone");
            engine.shut_down(Instant::now() + Duration::from_secs(10));
        }
    }

    #[test]
    fn other_colours_show_when_they_are_drawn_and_not_before() {
        let directory = tempfile::tempdir().unwrap();
        let size = config(PathBuf::new()).format.size_image();
        let mut engine = engine(program(directory.path(), &each_of('x', size)));
        turn_until(&mut engine, |engine| engine.drawing.is_none());
        let colours = Colours { background: Colour([9; 3]), foreground: None };
        let style = CardStyle { colours, ..CardStyle::default() };
        let changed = config(program(directory.path(), &each_of('y', size)));
        engine.configure(EngineConfig { style: style.clone(), ..changed });
        assert!(newest(&engine).iter().all(|byte| *byte == b'x'));
        turn_until(&mut engine, |engine| newest(engine).iter().all(|byte| *byte == b'y'));
        let failing = config(program(directory.path(), "kill -SEGV $$"));
        let style = CardStyle { text: "Ada".into(), ..style };
        engine.configure(EngineConfig { style: style.clone(), ..failing });
        turn_until(&mut engine, |engine| engine.drawing.is_none());
        assert!(
            newest(&engine) == plain(Card::Off, &style, &engine.config.format),
            "in the new colours, without words"
        );
    }

    #[test]
    fn black_is_asked_of_nobody() {
        let mut engine = engine("/nowhere/lenscap-cards".into());
        turn_until(&mut engine, |engine| engine.drawing.is_none());
        let style = CardStyle { kind: CardKind::Black, ..CardStyle::default() };
        engine.configure(EngineConfig { style, ..config("/nowhere/lenscap-cards".into()) });
        assert!(engine.drawing.is_none() && newest(&engine)[..4] == [16, 128, 16, 128]);
    }
}
