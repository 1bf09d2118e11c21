//! x
use lenscap::frame::{format::*, placeholder::CardStyle};
use lenscap::output::{loopback::Loopback, *};
fn main() {
    let f = VideoFormat::new(PixelFormat::Yuy2, 640, 480, 30).unwrap();
    let l = Loopback::open(std::path::Path::new("/dev/video30"), &f).unwrap();
    println!(
        "layout {:?}",
        Output::new(Device::Memory(lenscap::output::memory::Memory::new(&f, 8).unwrap()), f, CardStyle::default())
            .unwrap()
            .rotation()
    );
    let mut o = Output::new(Device::Loopback(l), f, CardStyle::default()).unwrap();
    println!("rotation {:?}", o.rotation());
    for _ in 0..std::env::args().nth(1).unwrap().parse::<u32>().unwrap() {
        o.queue_card(monotonic_now()).unwrap();
        std::thread::sleep(f.frame_interval());
    }
    println!("rotation {:?}", o.rotation());
}
