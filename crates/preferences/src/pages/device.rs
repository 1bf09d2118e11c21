//! The page "Device": the loopback node that applications open.

use std::path::PathBuf;

use adw::prelude::*;
use lenscap_api::{AppletDevice, SetupVerb};
use lenscap_core::trouble::output::OutputTrouble;
use lenscap_picture::format::PixelFormat;
use lenscap_settings::table::{detection, device, output};
use lenscap_settings::{PipewireOutput, SecondNode};
use lenscap_words::{tr, trf};
use serde_json::Value;

use crate::applet::{AppletProxy, AppletState};
use crate::context::Context;
use crate::page::Page;
use crate::rows::{self, Choices, NumberOf};
use crate::{setup, widgets};

/// Whether `lenscap setup` makes a device that is not there.
fn can_set_up(device: &AppletDevice) -> bool {
    device.trouble.get("can_set_up") == Some(&Value::Bool(true))
}

/// What is wrong with further devices, and who waits for one that is taken, while there is something to say; a button where that
/// makes them.
fn further_trouble(applet: &AppletProxy) -> adw::ActionRow {
    let row = rows::plain("", "");
    row.add_prefix(&gtk::Image::from_icon_name("dialog-warning-symbolic"));
    let button = setup::button(SetupVerb::FurtherDevices);
    row.add_suffix(&button);
    let (shown, offered) = (row.downgrade(), button.downgrade());
    applet.on_change(move |state| {
        let (Some(row), Some(button)) = (shown.upgrade(), offered.upgrade()) else { return };
        let (text, can_be_made) = match state {
            AppletState::Running(view) => {
                let wrong = view.devices.0.iter().map(|device| device.reason.as_str());
                let reasons = wrong.chain(view.crowds.0.iter().map(|crowd| crowd.reason.as_str()));
                let text = reasons.filter(|reason| !reason.is_empty()).collect::<Vec<_>>().join("\n");
                (text, view.devices.0.iter().any(can_set_up))
            }
            AppletState::Unknown | AppletState::NoBus | AppletState::NotRunning => (String::new(), false),
        };
        button.set_visible(can_be_made);
        row.set_title(&text);
        row.set_visible(!text.is_empty());
    });
    row
}

pub(super) fn page(context: &Context) -> adw::PreferencesPage {
    let store = &context.store;
    let page = Page::new(store, "device", &tr("Device"), "video-display-symbolic");
    let group = widgets::group(&tr("The camera that applications see"));
    // How to get one; whether the module is installed, the diagnosis says.
    let trouble = OutputTrouble::NoNode { is_installed: true };
    let row = rows::plain(&lenscap_words::output::sentence(&trouble), "");
    let missing = rows::with_commands(row, &lenscap_words::output::commands(&trouble));
    missing.iter().for_each(|row| group.add(row));
    let class = context.surroundings.class.clone();
    group.add(&rows::choice(
        store,
        &device::NODE,
        &tr("Device"),
        &tr("A v4l2loopback node."),
        move |present| {
            let mut offered: Choices<Option<PathBuf>> = vec![(tr("Automatic"), None)];
            offered.extend(lenscap_cameras::loopbacks(&class).into_iter().map(|node| (node.label(), Some(node.path))));
            if let Some(path) = present
                && !offered.iter().any(|(_, choice)| choice == present)
            {
                offered.push((trf!("{node} (not there)", node = path.display()), present.clone()));
            }
            offered
        },
        |settings| settings.device.node.clone(),
        |store, node| store.change(|settings| settings.device.node = node),
    ));
    group.add(&rows::choice(
        store,
        &device::COUNT,
        &tr("Devices"),
        &tr("So many applications see the same picture at the same time, each at its device."),
        |_| (1..=device::MAX_COUNT).map(|count| (count.to_string(), count)).collect(),
        |settings| settings.device.nodes(),
        |store, count| {
            store.change(|settings| {
                settings.device.count = count;
                // It would ask for one by itself.
                if count == 1 {
                    settings.device.second = SecondNode::Off;
                }
            })
        },
    ));
    let class = context.surroundings.class.clone();
    let second = rows::choice(
        store,
        &device::SECOND_NODE,
        &tr("Second device"),
        &tr("Where it is. Automatic: found by its name."),
        move |present| {
            let mut offered: Choices<SecondNode> = vec![(tr("Automatic"), SecondNode::Auto)];
            let nodes = lenscap_cameras::loopbacks(&class).into_iter();
            offered.extend(nodes.map(|node| (node.label(), SecondNode::Path(node.path))));
            if let SecondNode::Path(path) = present
                && !offered.iter().any(|(_, choice)| choice == present)
            {
                offered.push((trf!("{node} (not there)", node = path.display()), present.clone()));
            }
            offered
        },
        |settings| match &settings.device.second {
            SecondNode::Off => SecondNode::Auto,
            second => second.clone(),
        },
        |store, second| store.change(|settings| settings.device.second = second),
    );
    group.add(&second);
    store.follow(|settings| settings.device.nodes() > 1, move |has_one| second.set_sensitive(*has_one));
    group.add(&further_trouble(&context.applet));
    rows::entry(
        store,
        &device::LABEL,
        &tr("Name in applications"),
        |settings| settings.device.label.clone(),
        |store, label| store.change(|settings| settings.device.label = label.trim().to_owned()),
    )
    .add_to(&group);
    group.add(&rows::choice(
        store,
        &device::FORMAT,
        &tr("Pixel format"),
        &tr("Every application takes YUY2."),
        |_| PixelFormat::ALL.into_iter().map(|format| (format.to_string(), format)).collect(),
        |settings| settings.camera.format.pixel_format,
        |store, format| store.change(|settings| settings.camera.format.pixel_format = format),
    ));
    group.add(&rows::choice(
        store,
        &output::PIPEWIRE,
        &tr("Camera in PipeWire"),
        &tr("For applications that look for cameras there. Automatic: where PipeWire runs."),
        |_| {
            vec![
                (tr("Automatic"), PipewireOutput::Auto),
                (tr("On"), PipewireOutput::On),
                (tr("Off"), PipewireOutput::Off),
            ]
        },
        |settings| settings.output.pipewire,
        |store, choice| store.change(|settings| settings.output.pipewire = choice),
    ));
    let is_default = rows::switch(
        store,
        &output::DEFAULT_CAMERA,
        &tr("Default camera"),
        &tr("What applications take that do not ask which of PipeWire's cameras."),
    );
    group.add(&is_default);
    store.follow(
        |settings| settings.output.pipewire != PipewireOutput::Off,
        move |is_offered| is_default.set_sensitive(*is_offered),
    );
    page.add(&group);
    {
        let class = context.surroundings.class.clone();
        let shown: Vec<_> = missing.iter().map(ObjectExt::downgrade).collect();
        let show = move || {
            let is_missing = lenscap_cameras::loopbacks(&class).is_empty();
            shown.iter().filter_map(|row| row.upgrade()).for_each(|row| row.set_visible(is_missing));
        };
        show();
        store.on_devices(move |_| show());
    }

    let group = adw::PreferencesGroup::new();
    let expander = adw::ExpanderRow::builder().title(tr("Advanced")).build();
    expander.add_row(&rows::number(
        store,
        NumberOf::whole(&detection::POLL_INTERVAL, 10),
        &tr("Look for applications"),
        &tr("Milliseconds between two looks, where the kernel does not report who opens the camera."),
    ));
    group.add(&expander);
    page.add(&group);

    page.add_reset(&context.toasts, &tr("Device settings are reset"), |settings, from| {
        settings.device = from.device.clone();
        settings.output = from.output;
        settings.detection = from.detection.clone();
        settings.camera.format.pixel_format = from.camera.format.pixel_format;
    });
    page.widget
}

#[cfg(test)]
mod tests {
    use lenscap_api::Code;
    use lenscap_core::trouble::Trouble;

    use super::*;

    #[test]
    fn the_button_is_for_what_setup_makes() {
        let device = |trouble: OutputTrouble| {
            let Code { code, mut data } = Code::of(&Trouble::Output(trouble));
            data.insert("code".into(), code.into());
            AppletDevice { trouble: data, ..AppletDevice::default() }
        };
        let missing = |can_set_up| OutputTrouble::NoFurtherNode { label: "Lenscap 2".into(), count: 2, can_set_up };
        assert!(can_set_up(&device(missing(true))) && !can_set_up(&device(missing(false))));
        assert!(!can_set_up(&device(OutputTrouble::FirstDevice { node: "/dev/video9".into() })));
        assert!(!can_set_up(&AppletDevice::default()));
    }
}
