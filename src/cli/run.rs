//! `lenscap run`, and the settings that it and `lenscap` alone take: an option for every row of the table that has one.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueHint};

use super::{RefusedArgument, existing_file};
use crate::config::table::privacy::{CARD, PICTURE};
use crate::config::table::{self, CommandOption, OptionPath, Setting, SettingValue};
use crate::config::{CardChoice, Overrides};
use crate::core::trouble::settings::SettingTrouble;

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
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunArgs {
    /// What has no option is the file's.
    pub settings: Overrides,
    /// Settings file instead of the usual one.
    pub config: Option<PathBuf>,
}

const HEADING: &str = "Settings, on top of the settings file";
const CONFIG: &str = "config";

impl Args for RunArgs {
    fn augment_args(command: Command) -> Command {
        let command = command.next_help_heading(HEADING);
        let command = table::with_option()
            .into_iter()
            .fold(command, |command, (setting, option)| command.arg(argument(setting, option)));
        command.arg(
            Arg::new(CONFIG)
                .long(CONFIG)
                .value_name("PATH")
                .value_parser(existing_file())
                .value_hint(ValueHint::FilePath)
                .help("Settings file instead of the usual one"),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for RunArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut arguments = Self::default();
        arguments.update_from_arg_matches(matches)?;
        Ok(arguments)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for (setting, option) in table::with_option() {
            if let Some(value) = matches.get_one::<SettingValue>(option.long) {
                self.settings.set(setting, value.clone());
            }
        }
        // Who names a picture wants to see it.
        let has_picture = matches!(self.settings.get(&PICTURE), Some(SettingValue::Text(path)) if !path.is_empty());
        if has_picture && self.settings.get(&CARD).is_none() {
            self.settings.set(&CARD, SettingValue::Text(CardChoice::Picture.as_str().to_owned()));
        }
        if let Some(config) = matches.get_one::<PathBuf>(CONFIG) {
            self.config = Some(config.clone());
        }
        Ok(())
    }
}

fn argument(setting: &'static Setting, option: &'static CommandOption) -> Arg {
    let read = |text: &str| value(setting, option, text).map_err(RefusedArgument);
    let argument = Arg::new(option.long)
        .long(option.long)
        .value_name(option.value_name)
        .help(option.help)
        .value_parser(read)
        .allow_negative_numbers(setting.range().is_some());
    let argument = match option.short {
        Some(short) => argument.short(short),
        None => argument,
    };
    match option.path {
        OptionPath::No => argument,
        OptionPath::Full | OptionPath::Relative => argument.value_hint(ValueHint::FilePath),
    }
}

fn value(setting: &Setting, option: &CommandOption, text: &str) -> Result<SettingValue, SettingTrouble> {
    if option.path != OptionPath::Relative || text.is_empty() || text.starts_with("~/") {
        return setting.argument(text);
    }
    let absolute = std::path::absolute(text).map_err(|error| SettingTrouble::NoFullPath {
        key: setting.key.to_owned(),
        path: text.to_owned(),
        cause: error.into(),
    })?;
    if !absolute.exists() {
        return Err(SettingTrouble::NoFile);
    }
    setting.argument(&absolute.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::super::{Subcommand, parse_line as parse};
    use super::*;
    use crate::config::Settings;
    use crate::config::table::camera::{BUFFER_COUNT, FRAMERATE, HEIGHT, WIDTH};
    use crate::config::table::detection::POLL_INTERVAL;
    use crate::config::table::device::NODE;
    use crate::config::table::privacy::{ACTIVATION_DELAY, COOLDOWN};
    use crate::core::source::Source;
    use crate::frame::format::PixelFormat;

    #[test]
    fn every_flag_of_ipu6_camera_daemon_works_short_and_long() {
        let number = SettingValue::Integer;
        let expected = Overrides::default()
            .with(&NODE, SettingValue::Text("/dev/video0".into()))
            .with(&WIDTH, number(1280))
            .with(&HEIGHT, number(720))
            .with(&FRAMERATE, number(25))
            .with(&COOLDOWN, number(4000))
            .with(&BUFFER_COUNT, number(6))
            .with(&POLL_INTERVAL, number(70))
            .with(&ACTIVATION_DELAY, number(900));
        let rest = "--poll-interval-ms 70 --activation-delay-ms 900";
        let short = format!("-d /dev/video0 -w 1280 -H 720 -f 25 -c 4000 -b 6 {rest}");
        let long = format!(
            "--device /dev/video0 --width 1280 --height 720 --framerate 25 --cooldown-ms 4000 --buffer-count 6 {rest}"
        );
        for flags in [short, long] {
            assert_eq!(parse(&format!("lenscap {flags}")).unwrap().run.settings, expected);
            let Some(Subcommand::Run(run)) =
                parse(&format!("lenscap run --headless --events {flags}")).unwrap().command
            else {
                panic!("run")
            };
            assert_eq!((run.headless, run.events), (true, true));
            assert_eq!(run.run.settings, expected);
        }
    }

    #[test]
    fn no_flag_means_no_override() {
        assert_eq!(parse("lenscap").unwrap().run.settings, Overrides::default());
    }

    #[test]
    fn further_flags_reach_the_settings() {
        let run = parse("lenscap --source v4l2:/dev/video3 --format nv12 --label Cam --card black --config /dev/null");
        let run = run.unwrap().run;
        assert_eq!(run.config, Some("/dev/null".into()));
        let settings = Settings::default().with(&run.settings).unwrap();
        assert_eq!(settings.camera.source, Source::V4l2("/dev/video3".into()));
        assert_eq!(settings.camera.format.pixel_format, PixelFormat::Nv12);
        assert_eq!((settings.device.label.as_str(), settings.privacy.card), ("Cam", CardChoice::Black));

        let settings = |line| Settings::default().with(&parse(line).unwrap().run.settings).unwrap();
        // Tests run where their manifest is.
        let shown = settings("lenscap --picture Cargo.toml").privacy;
        let here = std::env::current_dir().unwrap();
        assert_eq!((shown.picture, shown.card), (Some(here.join("Cargo.toml")), CardChoice::Picture));
        let black = settings("lenscap --picture /dev/null --card black").privacy;
        assert_eq!((black.picture, black.card), (Some("/dev/null".into()), CardChoice::Black));
        let auto = parse("lenscap -d auto --activation-delay-ms auto").unwrap().run.settings;
        for setting in [&NODE, &ACTIVATION_DELAY] {
            assert_eq!(auto.get(setting), Some(&SettingValue::Text("auto".into())));
        }
    }

    #[test]
    fn a_flag_is_refused_with_the_sentence_of_the_settings_file() {
        for (flags, sentence) in [
            ("-f 0", "framerate must be a whole number from 1 to 240, not 0"),
            ("-f 1000", "framerate must be a whole number from 1 to 240, not 1000"),
            ("-w 9000", "width must be an even number from 2 to 8192, not 9000"),
            ("-w -5", "width must be an even number from 2 to 8192, not -5"),
            ("--height 7", "height 7 is odd and cameras need even sizes: use 8"),
            ("-b many", "buffer_count must be a whole number from 1 to 16, not \"many\""),
            ("-d video0", "node \"video0\" is not a full path"),
            ("--format RGB", "format must be \"YUY2\", \"NV12\" or \"I420\", not \"RGB\""),
            ("--picture /no/such.png", "there is no such file"),
            ("--config /no/such.toml", "there is no such file"),
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
