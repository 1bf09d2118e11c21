//! Files, by Landlock: what is not named is closed. Beside them no address of the network is reached, and nothing outside gets a
//! signal (Linux 6.12), nor is it traced.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use lenscap_core::sandbox::Hold;

pub use landlock::RulesetError as Error;

/// Landlock as of Linux 6.12; older kernels enforce what they know.
const LANDLOCK: ABI = ABI::V6;

/// What these environment variables name, each a list of paths; whoever sets them may. Not what would be everything.
pub fn named_by(variables: &[&str]) -> Vec<PathBuf> {
    let lists = variables.iter().filter_map(std::env::var_os);
    let listed = lists.flat_map(|list| std::env::split_paths(&list).collect::<Vec<_>>());
    listed.filter(|path| path.is_absolute() && path != Path::new("/")).collect()
}

/// What may be done with files and what is in directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Directories are listed.
    List,
    /// They are read.
    Read,
    /// They are read, and programs among them run.
    Run,
    /// Everything.
    Write,
}

impl Reach {
    fn access(self) -> BitFlags<AccessFs> {
        match self {
            Reach::List => AccessFs::ReadDir.into(),
            Reach::Read => AccessFs::ReadDir | AccessFs::ReadFile,
            Reach::Run => AccessFs::from_read(LANDLOCK),
            Reach::Write => AccessFs::from_all(LANDLOCK),
        }
    }
}

/// Leaves the calling thread, and those that it starts, nothing but these; what is not there is left out.
///
/// # Errors
/// The kernel refuses it, though it has Landlock.
pub fn restrict(reach: impl IntoIterator<Item = (Reach, Vec<PathBuf>)>) -> Result<Hold, Error> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?;
    for (reach, paths) in reach {
        rules = rules.add_rules(path_beneath_rules(paths, reach.access()))?;
    }
    Ok(match rules.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => Hold::Full,
        RulesetStatus::PartiallyEnforced => Hold::Part,
        RulesetStatus::NotEnforced => Hold::None,
    })
}
