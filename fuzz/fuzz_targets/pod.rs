#![no_main]

use lenscap_libpipewire::VideoFormat;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = VideoFormat::parse(data);
});
