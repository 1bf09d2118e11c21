//! The worker as a process: what it does with sources of every kind, what it may not do, and how it ends. Of the test programs
//! only this one and the unit tests link GStreamer, which knows what is installed here.

mod elements;
mod icamera;
mod pipeline;
mod pipewire;
mod process_life;
mod sandbox;

/// Whether every element is installed; says which one is not.
fn has(test: &str, elements: &[&str]) -> bool {
    gst::init().unwrap();
    match elements.iter().find(|name| gst::ElementFactory::find(name).is_none()) {
        Some(missing) => {
            println!("SKIP {test}: the element {missing} is not installed");
            false
        }
        None => true,
    }
}
