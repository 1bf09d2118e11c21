//! `lenscap-xtask DIRECTORY`: makes there what is installed beside the programs and comes from the sources: completions, a manual
//! page for each command, and what the translations are merged into. Laid out as below the prefix.
//!
//! It runs in the repository, on the machine that builds: a build for another machine starts none of the programs it made.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::CommandFactory;
use clap_complete::Shell;
use lenscap::cli::Cli;

/// One line on standard error.
type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: lenscap-xtask DIRECTORY");
        return ExitCode::from(2);
    };
    let share = directory.join("share");
    match completions(&share).and_then(|()| manual_pages(&share)).and_then(|()| translations(&share)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lenscap-xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    make_room(path)?;
    fs::write(path, content).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn make_room(path: &Path) -> Result<(), Failure> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()).into())
}

fn completions(share: &Path) -> Result<(), Failure> {
    for (shell, file) in [
        (Shell::Bash, "bash-completion/completions/lenscap"),
        (Shell::Zsh, "zsh/site-functions/_lenscap"),
        (Shell::Fish, "fish/vendor_completions.d/lenscap.fish"),
    ] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "lenscap", &mut script);
        write(&share.join(file), &script)?;
    }
    Ok(())
}

/// `man lenscap status`: the options of one command. What they mean stands in lenscap(1), which is written by hand.
fn manual_pages(share: &Path) -> Result<(), Failure> {
    let mut lenscap = Cli::command();
    // Gives the subcommands their full names.
    lenscap.build();
    for command in lenscap.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("lenscap-{}", command.get_name());
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone().display_name(&name))
            .title(name.to_uppercase())
            .source(format!("lenscap {}", lenscap::VERSION))
            .manual("User Commands")
            .render(&mut page)?;
        page.extend_from_slice(b".SH \"SEE ALSO\"\n.BR lenscap (1)\n");
        write(&share.join(format!("man/man1/{name}.1")), &page)?;
    }
    Ok(())
}

/// By gettext's msgfmt.
fn translations(share: &Path) -> Result<(), Failure> {
    let id = lenscap::APP_ID;
    let languages = fs::read_to_string("po/LINGUAS").map_err(|error| format!("po/LINGUAS: {error}"))?;
    for language in languages.split_whitespace() {
        let catalogue = share.join(format!("locale/{language}/LC_MESSAGES/lenscap.mo"));
        msgfmt(&[&format!("po/{language}.po")], &catalogue)?;
    }
    for (kind, name, file) in [
        ("--desktop", format!("{id}.desktop"), "applications"),
        ("--desktop", format!("{id}-autostart.desktop"), "lenscap"),
        ("--xml", format!("{id}.metainfo.xml"), "metainfo"),
    ] {
        let template = format!("--template=data/{name}.in");
        msgfmt(&["-d", "po", kind, &template], &share.join(file).join(name))?;
    }
    Ok(())
}

fn msgfmt(arguments: &[&str], to: &Path) -> Result<(), Failure> {
    make_room(to)?;
    match Command::new("msgfmt").args(arguments).arg("-o").arg(to).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("msgfmt did not make {}", to.display()).into()),
        Err(_) => Err("msgfmt is missing: install the package gettext".into()),
    }
}
