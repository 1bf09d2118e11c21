//! Why a program of ours ends without having done what it was asked for.

use lenscap_api::{AskError, Code};

use crate::core::controls::ControlTrouble;
use crate::core::source::SourceTrouble;
use crate::core::trouble::cameras::ReadTrouble;
use crate::core::trouble::command_line::CommandTrouble;
use crate::core::trouble::history::HistoryTrouble;
use crate::core::trouble::start::StartTrouble;
use crate::i18n::{ask, cameras, command_line, controls, history, output, source, start};
use crate::output::OutputError;

/// What a command ends with.
#[derive(Debug)]
pub enum Failure {
    /// The relay could not be asked, or refused.
    Ask(AskError),
    /// The controls of a camera that is off cannot be had.
    Read(ReadTrouble),
    /// A control cannot be set so.
    Control(ControlTrouble),
    /// The settings cannot be had or kept.
    Settings(crate::config::Error),
    /// The relay's source is none that this version knows.
    Source(SourceTrouble),
    /// The kernel does not let it run.
    Start(StartTrouble),
    /// No device that applications could open.
    Output(OutputError),
    /// The command cannot do what it is there for.
    Command(CommandTrouble),
    /// The history cannot be shown or deleted.
    History(HistoryTrouble),
    /// What was printed says what is wrong.
    Shown,
    /// They cannot be had, and there is no relay yet that could go on without them.
    SettingsAtStart(crate::config::Error),
}

impl Failure {
    /// For people, with the next step; `None`: they have read it already.
    pub fn sentence(&self) -> Option<String> {
        Some(match self {
            Failure::Ask(error) => ask::sentence(error),
            Failure::Read(trouble) => cameras::read(trouble),
            Failure::Control(trouble) => controls::sentence(trouble),
            Failure::Settings(error) => error.to_string(),
            Failure::Source(trouble) => source::clause(trouble),
            Failure::Start(trouble) => start::sentence(trouble),
            Failure::Output(error) => output::sentence(&error.trouble),
            Failure::Command(trouble) => command_line::command(trouble),
            Failure::History(trouble) => history::sentence(trouble),
            Failure::Shown => return None,
            Failure::SettingsAtStart(error) => error.at_start(),
        })
    }

    /// What stands below the sentence: each command that it speaks of, or the file, on a line of its own.
    pub fn appendix(&self) -> String {
        let lines = match self {
            Failure::Ask(error) => ask::commands(error),
            Failure::Read(trouble) => cameras::commands(trouble),
            Failure::Output(error) => output::commands(&error.trouble),
            Failure::Settings(error) => vec![error.path().display().to_string()],
            // Its sentence has the path.
            Failure::SettingsAtStart(_)
            | Failure::Start(_)
            | Failure::Command(_)
            | Failure::Control(_)
            | Failure::Source(_)
            | Failure::History(_)
            | Failure::Shown => Vec::new(),
        };
        lines.into_iter().map(|line| format!("\n    {line}")).collect()
    }

    /// What it is for programs, with all that the kernel said: for the log. `None`: the sentence says it all.
    pub fn code(&self) -> Option<Code> {
        let code = match self {
            Failure::Read(trouble) => Code::of(trouble),
            Failure::Output(error) => Code::of(&error.trouble),
            Failure::Start(trouble) => Code::of(trouble),
            Failure::Command(trouble) => Code::of(trouble),
            Failure::History(trouble) => Code::of(trouble),
            Failure::Ask(_)
            | Failure::Settings(_)
            | Failure::SettingsAtStart(_)
            | Failure::Control(_)
            | Failure::Source(_)
            | Failure::Shown => return None,
        };
        Some(code)
    }

    /// Whether there is no relay to ask.
    pub fn is_nobody_there(&self) -> bool {
        matches!(self, Failure::Ask(AskError::NotRunning))
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        Failure::Ask(error)
    }
}

impl From<CommandTrouble> for Failure {
    fn from(trouble: CommandTrouble) -> Self {
        Failure::Command(trouble)
    }
}

impl From<HistoryTrouble> for Failure {
    fn from(trouble: HistoryTrouble) -> Self {
        Failure::History(trouble)
    }
}

impl From<ControlTrouble> for Failure {
    fn from(trouble: ControlTrouble) -> Self {
        Failure::Control(trouble)
    }
}

impl From<ReadTrouble> for Failure {
    fn from(trouble: ReadTrouble) -> Self {
        Failure::Read(trouble)
    }
}

impl From<StartTrouble> for Failure {
    fn from(trouble: StartTrouble) -> Self {
        Failure::Start(trouble)
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        Failure::Output(error)
    }
}

impl From<SourceTrouble> for Failure {
    fn from(trouble: SourceTrouble) -> Self {
        Failure::Source(trouble)
    }
}

impl From<crate::config::Error> for Failure {
    fn from(error: crate::config::Error) -> Self {
        Failure::Settings(error)
    }
}
