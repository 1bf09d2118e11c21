//! Where GStreamer keeps its list of plugins: in a directory of our own, so that no other of the user's is written.

use std::path::{Path, PathBuf};

use lenscap_sys::process;

/// Environment variable that names GStreamer's list of plugins.
const REGISTRY_VARIABLE: &str = "GST_REGISTRY";
/// Largest list of plugins taken over from the user's own.
const MAX_REGISTRY: u64 = 32 << 20;

/// Where GStreamer may keep its list of plugins: what the environment names, or else what is named there from now on.
pub(super) fn cache() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os(REGISTRY_VARIABLE) {
        return make_cache(Path::new(&given));
    }
    let registry = registry()?;
    let directory = make_cache(&registry)?;
    process::set_variable(REGISTRY_VARIABLE, &registry).ok()?;
    Some(directory)
}

/// The directory of our own list of plugins, with the user's as the first: a whole scan takes seconds.
fn make_cache(registry: &Path) -> Option<PathBuf> {
    let directory = registry.parent()?;
    // Somebody else's list stays where it is.
    if !directory.ends_with("lenscap") {
        return registry.exists().then(|| registry.to_owned());
    }
    std::fs::create_dir_all(directory).ok()?;
    let theirs = directory.parent()?.join("gstreamer-1.0").join(registry.file_name()?);
    if !registry.exists() && theirs.metadata().is_ok_and(|theirs| theirs.is_file() && theirs.len() <= MAX_REGISTRY) {
        // Complete, or not there.
        let partial = directory.join(format!("registry.{}", std::process::id()));
        let _ = std::fs::copy(&theirs, &partial).and_then(|_| std::fs::rename(&partial, registry));
    }
    Some(directory.to_owned())
}

/// Where our own list of plugins is: GStreamer's own name for it, in our directory.
fn registry() -> Option<PathBuf> {
    let base = directories::BaseDirs::new().filter(|_| std::env::var_os("GST_REGISTRY_1_0").is_none())?;
    Some(base.cache_dir().join(format!("lenscap/registry.{}.bin", std::env::consts::ARCH)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_our_own_list_of_plugins_is_made() {
        let cache = tempfile::tempdir().unwrap();
        let theirs = cache.path().join("gstreamer-1.0/registry.x.bin");
        fs::create_dir(theirs.parent().unwrap()).unwrap();
        fs::write(&theirs, "plugins").unwrap();
        let ours = cache.path().join("lenscap/registry.x.bin");
        assert_eq!(make_cache(&ours), Some(cache.path().join("lenscap")));
        assert_eq!(fs::read_to_string(&ours).unwrap(), "plugins");
        assert_eq!(make_cache(&theirs), Some(theirs.clone()), "the file alone");
        assert_eq!(make_cache(&cache.path().join("x.bin")), None);
    }
}
