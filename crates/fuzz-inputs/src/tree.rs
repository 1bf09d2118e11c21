//! A tree of files from a text: a line a file, `PATH=CONTENT`, or a symbolic link, `PATH>TARGET`. Nothing in it leads out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const MAX_ENTRIES: usize = 256;
const MAX_DEPTH: usize = 10;
const MAX_NAME: usize = 100;

/// Gone when dropped.
pub struct Tree(PathBuf);

impl Tree {
    /// Makes it, in the directory for temporary files; lines that make no sense are left out.
    ///
    /// # Panics
    /// No directory can be made.
    pub fn new(script: &[u8]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let tree = Self(std::env::temp_dir().join(format!("lenscap-fuzz-{}-{count}", std::process::id())));
        fs::create_dir(&tree.0).expect("a new directory");
        let script = String::from_utf8_lossy(script);
        for line in script.split('\n').take(MAX_ENTRIES) {
            let Some(at) = line.find(['=', '>']) else { continue };
            let (name, text) = (&line[..at], &line[at + 1..]);
            if let Some(path) = tree.place(name) {
                // What does not work is not there.
                let _ = match line.as_bytes()[at] {
                    b'=' => fs::write(path, text.replace('\u{1}', "\n")),
                    _ if is_inside(text, name.split('/').count() - 1) => std::os::unix::fs::symlink(text, path),
                    _ => Ok(()),
                };
            }
        }
        tree
    }

    /// Its root.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where this file goes, with its directories made; nowhere through a link.
    fn place(&self, name: &str) -> Option<PathBuf> {
        let parts: Vec<&str> = name.split('/').collect();
        if parts.len() > MAX_DEPTH || !parts.iter().all(|part| is_name(part)) {
            return None;
        }
        let (last, directories) = parts.split_last()?;
        let mut path = self.0.clone();
        for directory in directories {
            path.push(directory);
            match fs::symlink_metadata(&path) {
                Ok(there) if there.is_dir() => {}
                Ok(_) => return None,
                Err(_) => fs::create_dir(&path).ok()?,
            }
        }
        path.push(last);
        fs::symlink_metadata(&path).is_err().then_some(path)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn is_name(part: &str) -> bool {
    !part.is_empty() && part.len() <= MAX_NAME && part != "." && part != ".." && !part.contains('\0')
}

/// Whether a link's target stays below the root, `depth` directories above the link.
fn is_inside(target: &str, depth: usize) -> bool {
    let ups = target.split('/').take_while(|part| *part == "..").count();
    let rest: Vec<&str> = target.split('/').skip(ups).collect();
    ups <= depth && rest.len() <= MAX_DEPTH && rest.iter().all(|part| is_name(part))
}
