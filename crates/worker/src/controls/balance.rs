//! Brightness, contrast, saturation and hue on the picture: `videoconvert ! videobalance`, in the pipeline only once a
//! value is not neutral.

use gst::prelude::*;

use lenscap_core::controls::{Control, ControlTrouble, Value};

/// The elements, once they are needed.
#[derive(Debug, Default)]
pub(super) struct Balance {
    balance: Option<gst::Element>,
    /// What they stand in front of.
    next: Option<gst::Element>,
}

impl Balance {
    /// The elements where a value is not neutral.
    pub(super) fn elements(&mut self, controls: &[Control]) -> Vec<gst::Element> {
        if is_neutral(controls) || self.balance.is_some() {
            return Vec::new();
        }
        match make(controls) {
            Ok((convert, balance)) => {
                self.balance = Some(balance.clone());
                vec![convert, balance]
            }
            Err(trouble) => {
                tracing::warn!(?trouble, "the picture stays as the camera gives it");
                Vec::new()
            }
        }
    }

    pub(super) fn insert_before(&mut self, next: &gst::Element) {
        self.next = Some(next.clone());
    }

    /// Takes the values; the elements are put in between frames where they are missing.
    pub(super) fn set(&mut self, controls: &[Control]) -> Result<(), ControlTrouble> {
        if let Some(balance) = &self.balance {
            put(balance, controls);
            return Ok(());
        }
        // Before the pipeline stands, `elements` sees to it.
        let Some(next) = self.next.clone().filter(|_| !is_neutral(controls)) else { return Ok(()) };
        let (convert, balance) = make(controls)?;
        self.balance = Some(balance.clone());
        let Some(pad) = next.static_pad("sink").and_then(|pad| pad.peer()) else { return Ok(()) };
        let parent = next.parent().and_downcast::<gst::Bin>();
        pad.add_probe(gst::PadProbeType::IDLE, move |pad, _| {
            let put_in = || -> Option<()> {
                let bin = parent.as_ref()?;
                bin.add_many([&convert, &balance]).ok()?;
                pad.unlink(&next.static_pad("sink")?).ok()?;
                convert.link(&balance).ok()?;
                balance.link(&next).ok()?;
                balance.sync_state_with_parent().ok()?;
                convert.sync_state_with_parent().ok()?;
                pad.link(&convert.static_pad("sink")?).ok()?;
                Some(())
            };
            if put_in().is_none() {
                tracing::warn!("the picture's balance takes effect when the camera starts again");
            }
            gst::PadProbeReturn::Remove
        });
        Ok(())
    }
}

fn share(controls: &[Control], key: &str) -> f64 {
    controls
        .iter()
        .find(|control| control.key == key)
        .and_then(|control| match control.value {
            Some(Value::Integer(percent)) => Some(percent as f64 / 100.0),
            _ => None,
        })
        .unwrap_or(0.0)
}

fn is_neutral(controls: &[Control]) -> bool {
    controls.iter().all(|control| share(controls, &control.key) == 0.0)
}

/// -1 to 1 where the element has that, 0 to 2 where 1 is its middle.
fn put(balance: &gst::Element, controls: &[Control]) {
    for (property, middle) in [("brightness", 0.0), ("contrast", 1.0), ("saturation", 1.0), ("hue", 0.0)] {
        balance.set_property(property, middle + share(controls, property));
    }
}

fn make(controls: &[Control]) -> Result<(gst::Element, gst::Element), ControlTrouble> {
    let make = |name: &str| {
        let missing = |_| ControlTrouble::ElementMissing { element: name.into() };
        gst::ElementFactory::make(name).build().map_err(missing)
    };
    let (convert, balance) = (make("videoconvert")?, make("videobalance")?);
    put(&balance, controls);
    Ok((convert, balance))
}
