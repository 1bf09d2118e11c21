//! `lenscap import`: shows what another relay was set to do, and takes it over into the user's settings when told to.

use std::io::{self, Write};

use super::Failure;
use crate::cli::ImportArgs;
use crate::config::{Layers, import};
use crate::i18n::import as words;

pub(super) fn run(arguments: &ImportArgs) -> Result<(), Failure> {
    let layers = Layers::find(arguments.config.as_deref())?;
    let (mut found, mut said) = (Vec::new(), Vec::new());
    for import in import::find_here() {
        let unsaid = import::unsaid(&layers, &import)?;
        if unsaid.is_empty() || arguments.file.as_ref().is_some_and(|file| *file != import.path) {
            continue;
        }
        said.push(words::found(import.relay.as_str(), &import.path));
        said.extend(import::lines(&unsaid).iter().map(|line| format!("    {line}")));
        found.push(import);
    }
    let is_done = match &found[..] {
        [import] if arguments.yes => {
            import::take_over(&layers, import)?;
            said.push(words::done(layers.user()));
            true
        }
        [] => {
            said.push(words::nothing());
            true
        }
        [_] => {
            said.push(words::how());
            true
        }
        _ => {
            said.push(words::choose());
            !arguments.yes
        }
    };
    // Who no longer reads needs no answer.
    let _ = writeln!(io::stdout().lock(), "{}", said.join("\n"));
    if is_done { Ok(()) } else { Err(Failure::Shown) }
}
