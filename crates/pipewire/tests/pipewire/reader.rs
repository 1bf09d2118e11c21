//! A program that reads the node: `gst-launch-1.0 pipewiresrc`.

use std::fs;
use std::path::PathBuf;

use lenscap_test_support::pipewire::Session;
use lenscap_test_support::process::Reaped;

use crate::parent::{NAME, SIZE};

/// The program; killed when dropped.
pub struct GstReader {
    /// Its process.
    pub process: Reaped,
    pictures: PathBuf,
    lines: PathBuf,
}

impl GstReader {
    /// Starts it, with these caps behind the source; what it writes is named by `name`.
    pub fn start(session: &Session, name: &str, caps: &str) -> Self {
        Self::start_with(session, name, &[], caps)
    }

    /// As [`Self::start`], with these properties of `pipewiresrc`.
    pub fn start_with(session: &Session, name: &str, properties: &[&str], caps: &str) -> Self {
        let pictures = session.path(&format!("{name}.yuy2"));
        let lines = session.path(&format!("{name}.log"));
        let log = fs::File::create(&lines).expect("a file");
        let process = session
            .command("gst-launch-1.0")
            .args(["-v", "pipewiresrc", &format!("target-object={NAME}")])
            .args(properties)
            .args(["!", caps, "!", "identity", "silent=false"])
            // Stderr: what GStreamer complains of lands between the pictures and tears them. A filesink would write no byte of a
            // picture that came without memory, as before 0.3.85 where readers were lent ours.
            .args(["!", "fdsink", "fd=2", "sync=false"])
            .stdout(log)
            .stderr(fs::File::create(&pictures).expect("a file"))
            .spawn()
            .expect("gst-launch-1.0");
        Self { process: Reaped(process), pictures, lines }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// How many pictures it has got from this one on.
    pub fn count_from(&self, first: u64) -> usize {
        self.numbers().iter().filter(|number| **number >= first).count()
    }

    /// Whether it gave up.
    pub fn has_ended(&mut self) -> bool {
        self.process.0.try_wait().expect("it is ours").is_some()
    }

    /// The numbers in the pictures it has got so far; fails where one is torn.
    pub fn numbers(&self) -> Vec<u64> {
        let bytes = fs::read(&self.pictures).unwrap_or_default();
        let number = |picture: &[u8]| {
            let at = |range: std::ops::Range<usize>| u64::from_le_bytes(picture[range].try_into().expect("8 bytes"));
            assert_eq!(
                at(0..8),
                at(SIZE - 8..SIZE),
                "torn, of {}: {:?}",
                bytes.len(),
                String::from_utf8_lossy(&bytes[..200.min(bytes.len())])
            );
            at(0..8)
        };
        bytes.chunks_exact(SIZE).map(number).collect()
    }

    /// The pictures' times, in nanoseconds, as GStreamer has them.
    pub fn times(&self) -> Vec<u64> {
        let lines = fs::read_to_string(&self.lines).unwrap_or_default();
        // ... chain   ******* (identity0:sink) (6144 bytes, dts: none, pts: 0:00:00.123456789, ...
        lines.lines().filter_map(|line| time(line.split("pts: ").nth(1)?.split(',').next()?)).collect()
    }

    /// What it printed.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.lines).unwrap_or_default()
    }
}

fn time(text: &str) -> Option<u64> {
    let (clock, nanoseconds) = text.trim().split_once('.')?;
    let seconds = clock.split(':').try_fold(0, |sum, part| Some(sum * 60 + part.parse::<u64>().ok()?))?;
    Some(seconds * 1_000_000_000 + nanoseconds.parse::<u64>().ok()?)
}
