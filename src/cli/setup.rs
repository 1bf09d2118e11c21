//! `lenscap setup`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args};

use lenscap_api::SetupVerb;

/// `lenscap setup`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("unasked").args(["print", "yes"]))]
pub struct SetupArgs {
    /// What to set up; nothing: what this computer lacks
    #[arg(value_name = "WHAT", value_parser = verbs())]
    pub verbs: Vec<SetupVerb>,
    /// Only show what would be done
    #[arg(long)]
    pub print: bool,
    /// Take back what was set up
    #[arg(long, conflicts_with = "verbs")]
    pub undo: bool,
    /// Do it without a question
    #[arg(long, conflicts_with = "print")]
    pub yes: bool,
    /// As one JSON object; with --print or --yes
    #[arg(long, requires = "unasked")]
    pub json: bool,
}

fn verbs() -> impl TypedValueParser<Value = SetupVerb> {
    let names = SetupVerb::ALL.into_iter().filter(|verb| *verb != SetupVerb::Undo).map(SetupVerb::as_str);
    PossibleValuesParser::new(names).try_map(|name| SetupVerb::from_name(&name).ok_or("unknown"))
}
