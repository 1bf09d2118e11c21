//! Controls of a camera: their names, and why one is not set.

use lenscap_core::controls::{Allowed, CameraControls, Control, ControlTrouble, Origin};
use lenscap_core::trouble::settings::Limits;

use crate::cause::{parenthesis, why};
use crate::{limits, listed, tr, trf};

/// Entries of a menu that are named in a sentence; more are "…".
const SHOWN_ENTRIES: usize = 12;
/// Letters of a wrong value that are repeated.
const SHOWN_VALUE: usize = 40;

/// The control's name: the camera's own, or that of one which Lenscap itself does, in the user's language.
pub fn name(control: &Control) -> String {
    // TRANSLATORS: controls of a camera's picture
    match (control.origin, control.key.as_str()) {
        (Origin::Software, "brightness") => tr("Brightness"),
        (Origin::Software, "contrast") => tr("Contrast"),
        (Origin::Software, "saturation") => tr("Saturation"),
        (Origin::Software, "hue") => tr("Hue"),
        _ => control.name.clone(),
    }
}

/// What stands below a control's name: why it cannot be set, or that Lenscap does it; empty: nothing.
pub fn hint(control: &Control) -> String {
    if control.flags.read_only {
        tr("Can only be read.")
    } else if control.flags.inactive {
        tr("An automatic decides this.")
    } else if control.flags.grabbed {
        tr("Cannot be changed while the camera is in use.")
    } else if control.origin == Origin::Software {
        tr("In software: the camera has no such control.")
    } else {
        String::new()
    }
}

/// Why there is no list of controls to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoList<'a> {
    /// It is on its way.
    Reading,
    /// The camera has none.
    Empty,
    /// This sentence says why.
    Refused(&'a str),
}

/// A title and a line below it, in the list's place.
pub fn notice(why: NoList<'_>) -> (String, String) {
    match why {
        NoList::Reading => (tr("Reading the controls…"), String::new()),
        NoList::Empty => (tr("No controls"), tr("This camera has nothing to tune.")),
        NoList::Refused(sentence) => (tr("No controls"), sentence.to_owned()),
    }
}

/// The list as it is published: with names for people.
pub fn published(list: &CameraControls) -> lenscap_api::Controls {
    let mut published = lenscap_api::Controls::from(list);
    published.problems = list.problems.iter().map(problem).collect();
    for (public, control) in published.controls.iter_mut().zip(&list.controls) {
        public.name = name(control);
    }
    published
}

/// Why a saved value was not taken, as one sentence. Bounded, as the camera process says what is in it.
pub fn problem(trouble: &ControlTrouble) -> String {
    lenscap_text::bounded(sentence(trouble), lenscap_text::SENTENCE)
}

/// One sentence with the next step.
pub fn sentence(trouble: &ControlTrouble) -> String {
    match trouble {
        ControlTrouble::ReadOnly { control } => {
            trf!("{control} can only be read: it shows what the camera does.", control = control)
        }
        ControlTrouble::Inactive { control } => trf!(
            "{control} has no effect at present: switch off the automatic that decides it, then set it.",
            control = control
        ),
        ControlTrouble::InUse { control } => {
            trf!("{control} cannot be changed while the camera is in use: try again when it is off.", control = control)
        }
        ControlTrouble::BetweenSteps { control, value, step, nearest } => trf!(
            "{control} {value} is between two steps of {step}: use {nearest}.",
            control = control,
            value = value,
            step = step,
            nearest = nearest
        ),
        ControlTrouble::Wrong { control, value, allowed } => wrong(control, value, allowed),
        ControlTrouble::Refused { control, value, cause } => {
            refused(control, value, &cause.as_ref().map(why).unwrap_or_default())
        }
        ControlTrouble::NoFractions { control, value } => {
            refused(control, value, &parenthesis(&tr("it takes no fractions")))
        }
        ControlTrouble::Absent { key } => trf!("The camera has no control \"{key}\".", key = key),
        ControlTrouble::NotUsed { key } => {
            trf!("The camera has no control \"{key}\": its saved value is not used.", key = key)
        }
        ControlTrouble::ElementMissing { element } => trf!(
            "GStreamer's element {element} is missing, so the picture stays as the camera gives it: install the \
             plugins \"good\".",
            element = element
        ),
        ControlTrouble::Gone => tr("The camera is gone: plug it in again."),
        ControlTrouble::NoControls { key } => {
            trf!("The camera has no controls, so none is called \"{key}\".", key = key)
        }
        ControlTrouble::Unknown { key, near } if near.is_empty() => {
            trf!("There is no control \"{key}\": \"lenscap controls\" lists what the camera has.", key = key)
        }
        ControlTrouble::Unknown { key, near } => {
            trf!(
                "There is no control \"{key}\". Did you mean {near}?",
                key = key,
                near = listed(near.iter().map(ToString::to_string))
            )
        }
    }
}

fn refused(control: &str, value: &str, why: &str) -> String {
    trf!("The camera refuses {control} {value}{why}: try another value.", control = control, value = value, why = why)
}

fn wrong(control: &str, value: &str, allowed: &Allowed) -> String {
    let mut shown: String = value.chars().take(SHOWN_VALUE).collect();
    if value.chars().nth(SHOWN_VALUE).is_some() {
        shown.push('…');
    }
    let within = |limits| format!("{}.", limits::refusal(control, &format!("\"{shown}\""), limits));
    match allowed {
        Allowed::Switch => within(&Limits::Switch),
        Allowed::Entries { entries, are_numbers } => {
            let named = entries.iter().take(SHOWN_ENTRIES).map(|entry| match are_numbers {
                true => format!("{} ({})", entry.value, entry.label),
                false => format!("{} (\"{}\")", entry.value, entry.label),
            });
            let more = (entries.len() > SHOWN_ENTRIES).then(|| "…".to_owned());
            let named = listed(named.chain(more));
            trf!(
                "{control} must be one of {entries}, not \"{value}\".",
                control = control,
                value = shown,
                entries = named
            )
        }
        Allowed::Bytes { min, max } => trf!(
            "{control} must be a text of {min} to {max} bytes, not \"{value}\".",
            control = control,
            value = shown,
            min = min,
            max = max
        ),
        Allowed::Bits { max } => trf!(
            "{control} must be bits out of {max}, not \"{value}\".",
            control = control,
            value = shown,
            max = format!("{max:#x}")
        ),
        Allowed::Whole { min, max } => within(&Limits::Whole { min: *min, max: *max }),
        Allowed::Real { min, max } => trf!(
            "{control} must be a number from {min} to {max}, not \"{value}\".",
            control = control,
            value = shown,
            min = min,
            max = max
        ),
        Allowed::Number => {
            trf!("{control} must be a number, not \"{value}\".", control = control, value = shown)
        }
    }
}

#[cfg(test)]
mod tests {
    use lenscap_core::controls::{AllowedEntry, in_software};

    use super::*;

    #[test]
    fn what_a_control_takes_is_said() {
        let entry = |value, label: &str| AllowedEntry { value, label: label.into() };
        let entries = || vec![entry(1, "50 Hz"), entry(3, "60 Hz")];
        for (allowed, part) in [
            (Allowed::Whole { min: -8, max: 8 }, "gain must be a whole number from -8 to 8, not \"a"),
            (Allowed::Bits { max: 0xf0 }, "0xf0"),
            (Allowed::Switch, "true or false"),
            (Allowed::Entries { entries: entries(), are_numbers: false }, "1 (\"50 Hz\"), 3 (\"60 Hz\")"),
            (Allowed::Entries { entries: entries(), are_numbers: true }, "1 (50 Hz), 3 (60 Hz)"),
            (Allowed::Real { min: -1.0, max: 1.0 }, "from -1 to 1"),
            (Allowed::Bytes { min: 2, max: 4 }, "2 to 4 bytes"),
        ] {
            let wrong = ControlTrouble::Wrong { control: "gain".into(), value: "a\nb".repeat(40).into(), allowed };
            let said = sentence(&wrong);
            assert!(said.contains(part) && said.ends_with('.') && !said.contains('\n'), "{said}");
        }
        let near = vec!["gain".into(), "gain_automatic".into()];
        let unknown = sentence(&ControlTrouble::Unknown { key: "Gain".into(), near });
        assert_eq!(unknown, "There is no control \"Gain\". Did you mean gain, gain_automatic?");
    }

    #[test]
    fn every_trouble_of_a_control_has_its_code_and_its_sentence() {
        let gain = || "gain".into();
        let number = || "7".into();
        for (trouble, code, words) in [
            (
                ControlTrouble::ReadOnly { control: gain() },
                "read-only",
                "gain can only be read: it shows what the camera does.",
            ),
            (
                ControlTrouble::Inactive { control: gain() },
                "inactive",
                "gain has no effect at present: switch off the automatic that decides it, then set it.",
            ),
            (
                ControlTrouble::InUse { control: gain() },
                "in-use",
                "gain cannot be changed while the camera is in use: try again when it is off.",
            ),
            (
                ControlTrouble::BetweenSteps { control: gain(), value: 7, step: 5, nearest: 5 },
                "between-steps",
                "gain 7 is between two steps of 5: use 5.",
            ),
            (
                ControlTrouble::Wrong {
                    control: gain(),
                    value: number(),
                    allowed: Allowed::Real { min: 0.5, max: 1.0 },
                },
                "wrong",
                "gain must be a number from 0.5 to 1, not \"7\".",
            ),
            (
                ControlTrouble::Refused {
                    control: gain(),
                    value: number(),
                    cause: Some(std::io::Error::from_raw_os_error(5).into()),
                },
                "refused",
                "The camera refuses gain 7 (the device reports a fault): try another value.",
            ),
            (
                ControlTrouble::Refused { control: gain(), value: number(), cause: None },
                "refused",
                "The camera refuses gain 7: try another value.",
            ),
            (
                ControlTrouble::NoFractions { control: gain(), value: number() },
                "no-fractions",
                "The camera refuses gain 7 (it takes no fractions): try another value.",
            ),
            (
                ControlTrouble::NoControls { key: gain() },
                "no-controls",
                "The camera has no controls, so none is called \"gain\".",
            ),
            (
                ControlTrouble::Unknown { key: gain(), near: vec![] },
                "unknown",
                "There is no control \"gain\": \"lenscap controls\" lists what the camera has.",
            ),
            (ControlTrouble::Absent { key: gain() }, "absent", "The camera has no control \"gain\"."),
            (
                ControlTrouble::NotUsed { key: gain() },
                "not-used",
                "The camera has no control \"gain\": its saved value is not used.",
            ),
            (
                ControlTrouble::ElementMissing { element: "videobalance".into() },
                "element-missing",
                "GStreamer's element videobalance is missing, so the picture stays as the camera gives it: install the \
                 plugins \"good\".",
            ),
            (ControlTrouble::Gone, "gone", "The camera is gone: plug it in again."),
        ] {
            assert_eq!(sentence(&trouble), words);
            assert_eq!(problem(&trouble), words);
            crate::tests::reads_back(&trouble, code);
        }
        let long = ControlTrouble::Wrong {
            control: "x\u{1b}\n".repeat(200).into(),
            value: number(),
            allowed: Allowed::Entries {
                entries: vec![AllowedEntry { value: 1, label: "y".repeat(200).into() }; 9],
                are_numbers: false,
            },
        };
        let said = problem(&long);
        assert!(said.chars().count() <= lenscap_text::SENTENCE && !said.contains('\n'), "{said}");
        let list = CameraControls { problems: vec![ControlTrouble::Gone], ..CameraControls::default() };
        let published = published(&list);
        assert_eq!(published.problems, ["The camera is gone: plug it in again."]);
        assert_eq!(published.troubles[0].code, "gone");
    }

    #[test]
    fn what_lenscap_does_itself_has_a_name() {
        assert_eq!(name(&in_software("hue").expect("one of the four")), "Hue");
    }
}
