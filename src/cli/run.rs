//! `lenscap run`, and the settings that it and `lenscap` alone take.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::source;
use crate::config::rules::{self, Given};
use crate::config::{CardChoice, Overrides, SecondNode};
use crate::core::source::Source;
use crate::frame::format::PixelFormat;
use crate::i18n::trf;

/// `lenscap run`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct RunCommand {
    /// Relay alone, without icon, notifications and session bus
    #[arg(long)]
    pub headless: bool,
    /// Print one JSON object a line for every change of state; implies --headless
    #[arg(long)]
    pub events: bool,
    /// Settings for this run.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Settings that lie on top of the settings file.
#[derive(Debug, Clone, PartialEq, Default, Args)]
#[command(next_help_heading = "Settings, on top of the settings file")]
pub struct RunArgs {
    /// Output node, or "auto": found by driver and label
    #[arg(short, long, value_name = "PATH", value_parser = node, value_hint = ValueHint::FilePath)]
    pub device: Option<Node>,
    /// Second output node for a second application, "auto", or "off"
    #[arg(long, value_name = "PATH", value_parser = second_node, value_hint = ValueHint::FilePath)]
    pub second_device: Option<SecondNode>,
    /// Width applications see
    #[arg(short, long, value_name = "PIXELS", value_parser = width, allow_negative_numbers = true)]
    pub width: Option<u32>,
    /// Height applications see
    #[arg(short = 'H', long, value_name = "PIXELS", value_parser = height, allow_negative_numbers = true)]
    pub height: Option<u32>,
    /// Frames per second applications see
    #[arg(short, long, value_name = "FPS", value_parser = framerate, allow_negative_numbers = true)]
    pub framerate: Option<u32>,
    /// Milliseconds the camera stays on after the last application stopped
    #[arg(short, long, value_name = "MS", value_parser = cooldown, allow_negative_numbers = true)]
    pub cooldown_ms: Option<Duration>,
    /// Buffers between the camera and the pipeline
    #[arg(short, long, value_name = "COUNT", value_parser = buffer_count, allow_negative_numbers = true)]
    pub buffer_count: Option<u32>,
    /// Milliseconds between looks for applications where the kernel reports nothing
    #[arg(long, value_name = "MS", value_parser = poll_interval, allow_negative_numbers = true)]
    pub poll_interval_ms: Option<Duration>,
    /// Milliseconds an application must be there before the camera starts, or "auto"
    #[arg(long, value_name = "MS", value_parser = activation_delay, allow_negative_numbers = true)]
    pub activation_delay_ms: Option<Delay>,
    /// auto, icamera[:NAME], libcamera[:ID], v4l2:PATH, pipewire[:TARGET], test or pipeline:DESCRIPTION
    #[arg(long, value_name = "SOURCE", value_parser = source)]
    pub source: Option<Source>,
    /// Pixel format applications see: YUY2, NV12 or I420
    #[arg(long, value_name = "FORMAT", value_parser = pixel_format)]
    pub format: Option<PixelFormat>,
    /// Name under which applications list the camera
    #[arg(long, value_name = "NAME", value_parser = label)]
    pub label: Option<String>,
    /// What applications see while the camera is off: text, black or picture
    #[arg(long, value_name = "CARD", value_parser = card)]
    pub card: Option<CardChoice>,
    /// PNG or JPEG to show while the camera is off
    #[arg(long, value_name = "PATH", value_parser = picture, value_hint = ValueHint::FilePath)]
    pub picture: Option<Picture>,
    /// Settings file instead of the usual one
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
}

/// The output node; `None` is "auto". (Types of their own, since clap gives a nested `Option` another meaning.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node(pub Option<PathBuf>);

/// The activation delay; `None` is "auto".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay(pub Option<Duration>);

/// The picture; `None` is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture(pub Option<PathBuf>);

impl From<&RunArgs> for Overrides {
    fn from(args: &RunArgs) -> Self {
        let picture = args.picture.clone().map(|Picture(picture)| picture);
        // Who names a picture wants to see it.
        let implied = matches!(picture, Some(Some(_))).then_some(CardChoice::Picture);
        // What has no flag is the file's.
        Overrides {
            source: args.source.clone(),
            width: args.width,
            height: args.height,
            framerate: args.framerate,
            buffer_count: args.buffer_count,
            activation_delay: args.activation_delay_ms.map(|Delay(delay)| delay),
            cooldown: args.cooldown_ms,
            card: args.card.or(implied),
            picture,
            node: args.device.clone().map(|Node(node)| node),
            label: args.label.clone(),
            pixel_format: args.format,
            poll_interval: args.poll_interval_ms,
            second_node: args.second_device.clone(),
            ..Overrides::default()
        }
    }
}

fn node(text: &str) -> Result<Node, String> {
    rules::node(&Given::Text(text)).map(Node)
}

fn second_node(text: &str) -> Result<SecondNode, String> {
    rules::second_node(&Given::Text(text))
}

fn width(text: &str) -> Result<u32, String> {
    rules::width(&Given::argument(text))
}

fn height(text: &str) -> Result<u32, String> {
    rules::height(&Given::argument(text))
}

fn framerate(text: &str) -> Result<u32, String> {
    rules::framerate(&Given::argument(text))
}

fn cooldown(text: &str) -> Result<Duration, String> {
    rules::cooldown(&Given::argument(text))
}

fn buffer_count(text: &str) -> Result<u32, String> {
    rules::buffer_count(&Given::argument(text))
}

fn poll_interval(text: &str) -> Result<Duration, String> {
    rules::poll_interval(&Given::argument(text))
}

fn activation_delay(text: &str) -> Result<Delay, String> {
    rules::activation_delay(&Given::argument(text)).map(Delay)
}

fn pixel_format(text: &str) -> Result<PixelFormat, String> {
    rules::pixel_format(&Given::Text(text))
}

fn label(text: &str) -> Result<String, String> {
    rules::label(&Given::Text(text))
}

fn card(text: &str) -> Result<CardChoice, String> {
    rules::card(&Given::Text(text))
}

/// A path as shells give it: relative to where we are.
fn picture(text: &str) -> Result<Picture, String> {
    if text.is_empty() || text.starts_with("~/") {
        return rules::picture(&Given::Text(text)).map(Picture);
    }
    let absolute = std::path::absolute(text)
        .map_err(|error| trf!("picture \"{path}\" has no full path ({error})", path = text, error = error))?;
    rules::picture(&Given::Text(&absolute.to_string_lossy())).map(Picture)
}

#[cfg(test)]
mod tests {
    use super::super::{Command, parse_line as parse};
    use super::*;

    #[test]
    fn every_flag_of_ipu6_camera_daemon_works_short_and_long() {
        let expected = Overrides {
            node: Some(Some("/dev/video0".into())),
            width: Some(1280),
            height: Some(720),
            framerate: Some(25),
            cooldown: Some(Duration::from_millis(4000)),
            buffer_count: Some(6),
            poll_interval: Some(Duration::from_millis(70)),
            activation_delay: Some(Some(Duration::from_millis(900))),
            ..Overrides::default()
        };
        let rest = "--poll-interval-ms 70 --activation-delay-ms 900";
        let short = format!("-d /dev/video0 -w 1280 -H 720 -f 25 -c 4000 -b 6 {rest}");
        let long = format!(
            "--device /dev/video0 --width 1280 --height 720 --framerate 25 --cooldown-ms 4000 --buffer-count 6 {rest}"
        );
        for flags in [short, long] {
            assert_eq!(Overrides::from(&parse(&format!("lenscap {flags}")).unwrap().run), expected);
            let Some(Command::Run(run)) = parse(&format!("lenscap run --headless --events {flags}")).unwrap().command
            else {
                panic!("run")
            };
            assert_eq!((run.headless, run.events), (true, true));
            assert_eq!(Overrides::from(&run.run), expected);
        }
    }

    #[test]
    fn no_flag_means_no_override() {
        assert_eq!(Overrides::from(&parse("lenscap").unwrap().run), Overrides::default());
    }

    #[test]
    fn further_flags_reach_the_settings() {
        let run = parse("lenscap --source v4l2:/dev/video3 --format nv12 --label Cam --card black --config /c.toml");
        let run = run.unwrap().run;
        assert_eq!(run.config, Some("/c.toml".into()));
        let overrides = Overrides::from(&run);
        assert_eq!(overrides.source, Some(Source::V4l2("/dev/video3".into())));
        assert_eq!(overrides.pixel_format, Some(PixelFormat::Nv12));
        assert_eq!((overrides.label.as_deref(), overrides.card), (Some("Cam"), Some(CardChoice::Black)));

        let overrides = Overrides::from(&parse("lenscap --picture off.png").unwrap().run);
        let here = std::env::current_dir().unwrap();
        assert_eq!((overrides.picture, overrides.card), (Some(Some(here.join("off.png"))), Some(CardChoice::Picture)));
        let auto = Overrides::from(&parse("lenscap -d auto --activation-delay-ms auto").unwrap().run);
        assert_eq!((auto.node, auto.activation_delay), (Some(None), Some(None)));
    }

    #[test]
    fn a_flag_is_refused_with_the_sentence_of_the_settings_file() {
        for (flags, sentence) in [
            ("-f 0", "framerate 0 cannot work: use a whole number from 1 to 240"),
            ("-f 1000", "framerate 1000 cannot work: use a whole number from 1 to 240"),
            ("-w 9000", "width 9000 cannot work: use an even number from 2 to 8192"),
            ("-w -5", "width -5 cannot work: use an even number from 2 to 8192"),
            ("--height 7", "height 7 is odd and cameras need even sizes: use 8"),
            ("-b many", "buffer_count \"many\" cannot work: use a whole number from 1 to 16"),
            ("-d video0", "node \"video0\" is not a full path"),
            ("--format RGB", "format \"RGB\" cannot work: use YUY2, NV12 or I420"),
            ("--source webcam", "\"webcam\" is not a source: use auto"),
        ] {
            for line in [format!("lenscap {flags}"), format!("lenscap run --headless {flags}")] {
                let error = parse(&line).unwrap_err();
                assert_eq!(error.exit_code(), 2, "{line}");
                assert!(error.to_string().contains(sentence), "{line}: {error}");
            }
        }
    }
}
