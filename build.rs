//! Packs the relocations of the installed programs: read whole at every start, they were 0.4 MB of each one's memory.
//! (DT_RELR: glibc 2.36, binutils 2.38.) For every crate that has an installed program.

fn main() {
    println!("cargo::rerun-if-changed=Cargo.toml");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
