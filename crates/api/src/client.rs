//! The asking side of the control socket.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lenscap_text::Cause;
use rustix::net::UCred;

use crate::{EventLine, Refused, Reply, Request, line};

/// How long a client waits for an answer before it calls the relay hung.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Why a request had no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// There is no runtime directory, so no socket.
    #[error("no runtime directory")]
    NoRuntimeDirectory,
    /// Nobody listens.
    #[error("nobody listens at the control socket")]
    NotRunning,
    /// Another user's program listens in the relay's place.
    #[error("another user listens at the control socket")]
    Foreign,
    /// Somebody listens and does not answer.
    #[error("the relay (process {pid}) does not answer: {}", .cause.detail.as_str())]
    Hung {
        /// What became of the question.
        cause: Cause,
        /// The process that listens.
        pid: i32,
    },
    /// What came is no answer.
    #[error("the answer cannot be read")]
    OtherVersion,
    /// The relay says in one sentence why not.
    #[error("{}", .0.error)]
    Refused(Refused),
}

impl AskError {
    /// Whether nobody is there to be asked: without a runtime directory nobody can listen in it.
    pub fn is_nobody_there(&self) -> bool {
        matches!(self, AskError::NoRuntimeDirectory | AskError::NotRunning)
    }
}

/// Where the relay listens: `$XDG_RUNTIME_DIR/lenscap/control`; `None` when there is no runtime directory.
pub fn socket_path() -> Option<PathBuf> {
    let directories = directories::BaseDirs::new()?;
    Some(directories.runtime_dir()?.join("lenscap/control"))
}

/// Asks the running relay; its answer, which is no [`Reply::Refused`].
///
/// # Errors
/// When it is not running, does not answer within 3 seconds, or refuses.
pub fn ask(request: &Request) -> Result<Reply, AskError> {
    let mut taken = Err(AskError::OtherVersion);
    ask_at(&socket_path().ok_or(AskError::NoRuntimeDirectory)?, request, &mut |reply| {
        taken = Ok(reply);
        false
    })?;
    taken
}

/// The running relay's status.
///
/// # Errors
/// As [`ask`].
pub fn status() -> Result<EventLine, AskError> {
    match ask(&Request::Status)? {
        Reply::Status(status) => Ok(*status),
        Reply::Controls(_) | Reply::Refused(_) => Err(AskError::OtherVersion),
    }
}

/// Asks the running relay, and gives each answer to `each` until that says `false`; only [`Request::Watch`] has more than
/// one.
///
/// # Errors
/// As [`ask`].
pub fn follow(request: &Request, each: &mut dyn FnMut(Reply) -> bool) -> Result<(), AskError> {
    ask_at(&socket_path().ok_or(AskError::NoRuntimeDirectory)?, request, each)
}

/// As [`follow`], of the relay that listens there.
///
/// # Errors
/// As [`ask`].
pub fn ask_at(path: &Path, request: &Request, each: &mut dyn FnMut(Reply) -> bool) -> Result<(), AskError> {
    let mut stream = UnixStream::connect(path).map_err(|_| AskError::NotRunning)?;
    let relay = peer(&stream).ok_or(AskError::NotRunning)?;
    if !may_speak(relay) {
        return Err(AskError::Foreign);
    }
    let hung = |error: io::Error| AskError::Hung { cause: error.into(), pid: relay.pid.as_raw_nonzero().get() };
    stream.set_read_timeout(Some(ANSWER_LIMIT)).map_err(hung)?;
    stream.set_write_timeout(Some(ANSWER_LIMIT)).map_err(hung)?;
    // Who is turned away cannot write any more, and can read why.
    let written = stream.write_all(line(request).as_bytes());
    let mut lines = BufReader::new(stream.try_clone().map_err(hung)?).lines();
    let first = match (lines.next(), written) {
        (Some(Ok(first)), _) => first,
        (_, Err(error)) | (Some(Err(error)), _) => return Err(hung(error)),
        (None, Ok(())) => return Err(hung(io::ErrorKind::UnexpectedEof.into())),
    };
    // Later lines come when something changes, however long that takes.
    stream.set_read_timeout(None).map_err(hung)?;
    for line in std::iter::once(Ok(first)).chain(lines) {
        let Ok(line) = line else { break };
        match serde_json::from_str(&line).map_err(|_| AskError::OtherVersion)? {
            Reply::Refused(refused) => return Err(AskError::Refused(refused)),
            reply => {
                if !each(reply) || *request != Request::Watch {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Who is at the other end, by the kernel's word: who connected, or who listened.
pub fn peer(stream: &UnixStream) -> Option<UCred> {
    rustix::net::sockopt::socket_peercred(stream).ok()
}

/// The same user, or root, who may everything anyway.
pub fn may_speak(peer: UCred) -> bool {
    peer.uid == rustix::process::getuid() || peer.uid.is_root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_hung_relay_is_called_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control");
        let _listener = UnixListener::bind(&path).unwrap();
        let error = ask_at(&path, &Request::Status, &mut |_| true).unwrap_err();
        // Never by a name, which others have as well.
        let own = std::process::id().cast_signed();
        assert!(matches!(&error, AskError::Hung { pid, .. } if *pid == own), "{error}");
    }
}
