#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lenscap::fuzz::feed("apps", data));
