//! What a command line runs: the program, or what an interpreter or Wine is given. The same for a process and for a desktop file.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::process::Executable;

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// A path, or a name alone.
    pub target: PathBuf,
    /// The executable is the target.
    is_executable: bool,
}

/// An interpreter's options that matter.
struct Interpreter {
    /// Without a version at the end.
    names: &'static [&'static str],
    /// Those with a value behind them.
    valued: &'static [&'static str],
    /// Those whose value is what is run.
    targets: &'static [&'static str],
    /// Those that carry the program's text: there is no script.
    texts: &'static [&'static str],
    /// Words before the script.
    verbs: &'static [&'static str],
}

const INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        names: &["python", "pypy"],
        valued: &["-W", "-X", "-Q"],
        targets: &["-m"],
        texts: &["-c"],
        verbs: &[],
    },
    Interpreter {
        names: &["node", "nodejs", "deno", "bun"],
        valued: &["-r", "--require", "--import", "--loader"],
        targets: &[],
        texts: &["-e", "--eval", "-p", "--print"],
        verbs: &["run"],
    },
    Interpreter { names: &["electron"], valued: &["-r", "--require"], targets: &[], texts: &[], verbs: &[] },
    Interpreter { names: &["perl"], valued: &["-I"], targets: &[], texts: &["-e", "-E"], verbs: &[] },
    Interpreter { names: &["ruby"], valued: &["-I", "-r", "-C"], targets: &[], texts: &["-e"], verbs: &[] },
    Interpreter {
        names: &["sh", "bash", "dash", "zsh", "fish", "ksh"],
        valued: &["-o", "-O", "--rcfile", "--init-file"],
        targets: &[],
        texts: &["-c"],
        verbs: &[],
    },
    Interpreter {
        names: &["java"],
        valued: &["-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens"],
        targets: &["-jar", "-m", "--module"],
        texts: &[],
        verbs: &[],
    },
    Interpreter { names: &["gjs", "gjs-console"], valued: &["-I"], targets: &[], texts: &["-c"], verbs: &[] },
    Interpreter { names: &["mono", "mono-sgen", "dotnet"], valued: &[], targets: &[], texts: &[], verbs: &["exec"] },
    Interpreter { names: &["php"], valued: &["-d", "-c"], targets: &["-f"], texts: &["-r"], verbs: &[] },
    Interpreter {
        names: &["lua", "luajit", "tclsh", "wish"],
        valued: &["-l"],
        targets: &[],
        texts: &["-e"],
        verbs: &[],
    },
];

/// What they start is not in their name.
const STARTERS: &[&str] = &[
    "flatpak",
    "snap",
    "bwrap",
    "gtk-launch",
    "xdg-open",
    "pkexec",
    "sudo",
    "systemd-run",
    "dbus-launch",
    "nice",
    "busybox",
];

/// Files and directories that every Electron application has; the one above has its name.
const ELECTRON_PARTS: &[&str] = &["app.asar", "app", "resources", "main.js", "index.js"];

impl Command {
    /// Of a process: which executable it runs is the kernel's word, the rest its own.
    pub(crate) fn of_process(executable: &Executable, arguments: &[String]) -> Self {
        let name = base_name(&executable.path);
        let rest = arguments.get(1..).unwrap_or_default();
        let target = if is_wine(name) { windows_program(arguments) } else { script(name, rest) };
        match target {
            Some(target) => Self::claimed(target),
            None => Self { target: executable.path.clone(), is_executable: true },
        }
    }

    /// Of a desktop file's `Exec`. `None`: it does not say which program that is.
    pub(crate) fn of_exec(arguments: &[String]) -> Option<Self> {
        let mut rest = arguments;
        if base_name(Path::new(rest.first()?)) == "env" {
            rest = &rest[1..];
            while let Some(word) = rest.first().filter(|word| word.starts_with('-') || word.contains('=')) {
                let has_value = ["-u", "--unset", "-C", "--chdir"].contains(&word.as_str());
                rest = rest.get(1 + usize::from(has_value)..)?;
            }
        }
        let (first, behind) = rest.split_first()?;
        let name = base_name(Path::new(first));
        if is_wine(name) {
            return windows_program(behind).map(Self::claimed);
        }
        if STARTERS.contains(&name) {
            return None;
        }
        match (interpreter(name), script(name, behind)) {
            (Some(_), Some(target)) => Some(Self::claimed(target)),
            (Some(_), None) => None,
            _ => Some(Self { target: first.into(), is_executable: true }),
        }
    }

    /// What the process says that it is.
    pub(crate) fn claimed(target: impl Into<PathBuf>) -> Self {
        Self { target: target.into(), is_executable: false }
    }

    /// Whether only the process itself says so.
    pub(crate) fn is_claimed(&self) -> bool {
        !self.is_executable
    }

    /// The command by which people know it.
    pub(crate) fn base_name(&self) -> &str {
        base_name(&self.target)
    }
}

/// Without what wrapping or packing programs adds: ".firefox-wrapped" (NixOS), "soffice.bin".
pub(crate) fn base_name(path: &Path) -> &str {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let name = name.strip_prefix('.').and_then(|name| name.strip_suffix("-wrapped")).unwrap_or(name);
    name.strip_suffix(".bin").or_else(|| name.strip_suffix("-bin")).filter(|name| !name.is_empty()).unwrap_or(name)
}

fn interpreter(name: &str) -> Option<&'static Interpreter> {
    let plain = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    INTERPRETERS.iter().find(|known| known.names.contains(&plain))
}

/// The script that this interpreter is given; `arguments` are those behind its name.
fn script(name: &str, arguments: &[String]) -> Option<PathBuf> {
    let interpreter = interpreter(name)?;
    let mut words = arguments.iter().map(String::as_str);
    let mut verbs = interpreter.verbs.iter();
    while let Some(word) = words.next() {
        if interpreter.texts.contains(&word) {
            return None;
        }
        if interpreter.targets.contains(&word) {
            return named(words.next()?);
        }
        if interpreter.valued.contains(&word) {
            words.next();
        } else if !word.starts_with(['-', '+', '@']) && !verbs.by_ref().any(|verb| *verb == word) {
            return named(word);
        }
    }
    None
}

fn named(script: &str) -> Option<PathBuf> {
    let mut path = Path::new(script);
    while ELECTRON_PARTS.iter().any(|part| path.file_name() == Some(OsStr::new(part)))
        && let Some(above) = path.parent().filter(|above| above.file_name().is_some())
    {
        path = above;
    }
    path.file_name().map(|_| path.to_owned())
}

fn is_wine(name: &str) -> bool {
    ["wine", "wine64", "wine-preloader", "wine64-preloader"].contains(&name)
}

/// The first program for Windows among these words.
fn windows_program(words: &[String]) -> Option<PathBuf> {
    let is_program = |word: &&String| word.to_ascii_lowercase().ends_with(".exe");
    let program = words.iter().find(is_program)?.rsplit(['\\', '/']).next()?;
    Some(program.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn what_is_run_is_the_script() {
        for (executable, line, expected) in [
            ("/usr/bin/python3.11", "python3 -u -W ignore /opt/x/camera.py --now", "camera.py"),
            ("/usr/bin/python3.11", "python3 -m http.server", "http.server"),
            ("/usr/bin/python3.11", "python3 -c import_x", "python3.11"),
            ("/usr/bin/python3.11", "python3", "python3.11"),
            ("/usr/bin/node", "node --require x server.js", "server.js"),
            ("/usr/bin/perl", "perl -I lib tool.pl", "tool.pl"),
            ("/usr/bin/dash", "sh -e ./run.sh", "run.sh"),
            ("/usr/bin/bash", "bash -c ffmpeg", "bash"),
            ("/usr/lib/jvm/bin/java", "java -cp a:b -Xmx1g -jar /opt/meet.jar x", "meet.jar"),
            ("/usr/lib/jvm/bin/java", "java -cp a:b org.jitsi.Main", "org.jitsi.Main"),
            ("/usr/lib/electron28/electron", "electron /usr/lib/slack/resources/app.asar", "slack"),
            ("/usr/bin/wine64-preloader", r"C:\Program_Files\Zoom\Zoom.exe --x", "Zoom.exe"),
            ("/usr/bin/ffmpeg", "firefox", "ffmpeg"),
            ("/nix/store/x/bin/.obs-wrapped", "obs", "obs"),
        ] {
            assert_eq!(Command::of_process(&Executable::at(executable), &words(line)).base_name(), expected, "{line}");
        }
    }

    #[test]
    fn exec_names_a_program_or_nothing() {
        for (line, expected) in [
            ("env A=b -u C /usr/bin/firefox -P", Some("/usr/bin/firefox")),
            ("python3 /usr/share/x/x.py", Some("/usr/share/x/x.py")),
            ("/usr/bin/flatpak run org.x.App", None),
            ("sh -c firefox", None),
            ("wine notes.EXE", Some("notes.EXE")),
            ("env", None),
        ] {
            let command = Command::of_exec(&words(line));
            assert_eq!(command.map(|command| command.target), expected.map(PathBuf::from), "{line}");
        }
    }
}
