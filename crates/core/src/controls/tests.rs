//! Every kind of control with every kind of value.

use lenscap_text::Text;
use proptest::prelude::*;

use super::check::nearest;
use super::*;

fn control(kind: Kind, range: Range) -> Control {
    Control { kind, range, ..in_software("brightness").expect("one of the four") }
}

#[test]
fn keys_are_those_of_v4l2_ctl() {
    for (name, wanted) in [
        ("Brightness", "brightness"),
        ("White Balance Temperature, Auto", "white_balance_temperature_auto"),
        ("Exposure (Absolute)", "exposure_absolute"),
        ("  Bitmask  ", "bitmask"),
        ("S32 2 Element Array", "s32_2_element_array"),
    ] {
        assert_eq!(key(name), wanted);
    }
}

#[test]
fn every_kind_takes_its_own_texts_and_refuses_others_in_one_sentence() {
    let whole = Range::Whole { min: -8, max: 8, step: 2 };
    let menu = |kind| Control {
        menu: vec![Entry { value: 1, label: "50 Hz".into() }, Entry { value: 3, label: "60 Hz".into() }],
        ..control(kind, Range::Whole { min: 0, max: 3, step: 1 })
    };
    let good = [
        (control(Kind::Integer, whole), "-8", Value::Integer(-8)),
        (control(Kind::Integer64, whole), " 6 ", Value::Integer(6)),
        (control(Kind::Bitmask, Range::Whole { min: 0, max: 0xf0, step: 0 }), "0x30", Value::Integer(0x30)),
        (control(Kind::Boolean, whole), "On", Value::Boolean(true)),
        (control(Kind::Boolean, whole), "0", Value::Boolean(false)),
        (menu(Kind::Menu), "3", Value::Integer(3)),
        (menu(Kind::Menu), "50 hz", Value::Integer(1)),
        (control(Kind::Real, Range::Real { min: -1.0, max: 1.0 }), "0.5", Value::Real(0.5)),
        (control(Kind::Real, Range::Real { min: -1.0, max: 1.0 }), "1", Value::Real(1.0)),
        (control(Kind::String, Range::Whole { min: 2, max: 4, step: 1 }), "abc", Value::Text("abc".into())),
    ];
    for (control, text, value) in good {
        assert_eq!(control.parse(text), Ok(value), "{text}");
    }
    let key = || Text::from("brightness");
    let wrong = |value: &str, allowed| ControlTrouble::Wrong { control: key(), value: value.into(), allowed };
    let entry = |entry: Entry| AllowedEntry { value: entry.value, label: entry.label.into() };
    let entries =
        |kind| Allowed::Entries { entries: menu(kind).menu.into_iter().map(entry).collect(), are_numbers: false };
    let bad = [
        (control(Kind::Integer, whole), "9", wrong("9", Allowed::Whole { min: -8, max: 8 })),
        (control(Kind::Integer, whole), "much", wrong("much", Allowed::Whole { min: -8, max: 8 })),
        (
            control(Kind::Integer, whole),
            "3",
            ControlTrouble::BetweenSteps { control: key(), value: 3, step: 2, nearest: 4 },
        ),
        (
            control(Kind::Bitmask, Range::Whole { min: 0, max: 0xf0, step: 0 }),
            "1",
            wrong("1", Allowed::Bits { max: 0xf0 }),
        ),
        (control(Kind::Boolean, whole), "2", wrong("2", Allowed::Switch)),
        (menu(Kind::Menu), "2", wrong("2", entries(Kind::Menu))),
        (menu(Kind::Menu), "55 Hz", wrong("55 Hz", entries(Kind::Menu))),
        (
            control(Kind::Real, Range::Real { min: -1.0, max: 1.0 }),
            "NaN",
            wrong("NaN", Allowed::Real { min: -1.0, max: 1.0 }),
        ),
        (
            control(Kind::String, Range::Whole { min: 2, max: 4, step: 1 }),
            "abcde",
            wrong("abcde", Allowed::Bytes { min: 2, max: 4 }),
        ),
        (control(Kind::Compound, Range::None), "1", ControlTrouble::ReadOnly { control: key() }),
    ];
    for (control, text, trouble) in bad {
        assert_eq!(control.parse(text), Err(trouble), "{text}");
    }
}

#[test]
fn what_may_not_be_set_says_why() {
    let mut control = control(Kind::Integer, Range::None);
    assert_eq!(control.check_writable(), Ok(()));
    control.flags = Flags { inactive: true, ..Flags::default() };
    assert!(control.check_writable().is_err_and(|trouble| matches!(trouble, ControlTrouble::Inactive { .. })));
    control.flags.read_only = true;
    assert!(control.check_writable().is_err_and(|trouble| matches!(trouble, ControlTrouble::ReadOnly { .. })));
}

#[test]
fn a_mistyped_key_is_answered_with_those_like_it() {
    let named = |key: &str| Control { key: key.into(), ..control(Kind::Integer, Range::None) };
    let list = CameraControls {
        controls: ["brightness", "gain", "gain_automatic", "white_balance_temperature"].map(named).into(),
        ..CameraControls::default()
    };
    assert!(list.find("gain").is_ok());
    let near = |key: &str| match list.find(key) {
        Err(ControlTrouble::Unknown { near, .. }) => near.iter().map(ToString::to_string).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(near("brigthness"), ["brightness"]);
    assert_eq!(near("Gain"), ["gain", "gain_automatic"]);
    assert_eq!(near("temperature"), ["white_balance_temperature"]);
    assert!(near("zoom").is_empty());
    assert!(CameraControls::default().find("zoom").is_err());
}

#[test]
fn saved_values_are_shown_where_they_fit() {
    let control = control(Kind::Integer, Range::Whole { min: 0, max: 9, step: 1 });
    let mut list = CameraControls { controls: vec![control], ..CameraControls::default() };
    list.overlay(&Values::from([("brightness".into(), Value::Integer(7)), ("gone".into(), Value::Integer(1))]));
    assert_eq!(list.controls[0].value, Some(Value::Integer(7)));
    list.overlay(&Values::from([("brightness".into(), Value::Integer(70))]));
    assert_eq!(list.controls[0].value, Some(Value::Integer(7)));
}

#[test]
fn changes_lead_from_one_list_to_the_next() {
    let named = |key: &str, value| Control {
        key: key.into(),
        value: Some(Value::Integer(value)),
        ..control(Kind::Integer, Range::None)
    };
    let list = |controls: Vec<Control>| CameraControls { camera: "usb-1".into(), controls, problems: Vec::new() };
    let before = list(vec![named("gain", 1), named("hue", 2), named("zoom", 3)]);
    let mut now = list(vec![named("gain", 1), named("hue", 5), named("zoom", 3)]);
    now.problems.push(ControlTrouble::Gone);
    let changes = now.changes_since(&before).unwrap();
    assert_eq!(changes.controls, [named("hue", 5)], "only what changed");
    let mut kept = before.clone();
    kept.take(changes);
    assert_eq!(kept, now);
    assert_eq!(now.changes_since(&kept), Some(Changes::default()));
    assert_eq!(list(vec![named("gain", 1)]).changes_since(&before), None, "another list");
    kept.take(Changes { controls: vec![named("strange", 1)], problems: None });
    assert_eq!(kept, now, "what is not in the list is left out");
}

fn any_control() -> impl Strategy<Value = Control> {
    let range = prop_oneof![
        Just(Range::None),
        (any::<i64>(), any::<i64>(), any::<u64>()).prop_map(|(a, b, step)| Range::Whole {
            min: a.min(b),
            max: a.max(b),
            step
        }),
        (-1e6..1e6, 0.0..1e6).prop_map(|(min, more): (f64, f64)| Range::Real { min, max: min + more }),
    ];
    let menu = proptest::collection::vec((any::<i64>(), ".{0,8}"), 0..4);
    (0..Kind::ALL.len(), range, menu).prop_map(|(kind, range, menu)| Control {
        menu: menu.into_iter().map(|(value, label)| Entry { value, label }).collect(),
        ..control(Kind::ALL[kind], range)
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Real),
        any::<bool>().prop_map(Value::Boolean),
        ".{0,20}".prop_map(Value::Text),
    ]
}

proptest! {
    #[test]
    fn what_is_taken_is_taken_again_and_lies_in_the_range(control in any_control(), value in any_value()) {
        if let Ok(taken) = control.check(&value) {
                prop_assert_eq!(control.check(&taken), Ok(taken.clone()));
                match (&taken, control.kind, control.range) {
                    (Value::Integer(n), Kind::Integer | Kind::Integer64, Range::Whole { min, max, step }) => {
                        prop_assert!((min..=max).contains(n));
                        prop_assert_eq!((i128::from(*n) - i128::from(min)) % i128::from(step.max(1)), 0);
                    }
                    (Value::Integer(n), Kind::Menu | Kind::IntegerMenu, _) => {
                        prop_assert!(control.menu.iter().any(|entry| entry.value == *n));
                    }
                    (Value::Real(n), _, Range::Real { min, max }) => prop_assert!(*n >= min && *n <= max),
                    _ => {}
                }
        }
    }

    #[test]
    fn the_suggested_step_is_taken(min in any::<i32>(), span in 0..i32::MAX, step in 1..5000_u64, at in any::<u32>()) {
        let (min, max) = (i64::from(min), i64::from(min) + i64::from(span));
        let control = control(Kind::Integer, Range::Whole { min, max, step });
        let number = min + i64::from(at) % (max - min + 1);
        prop_assert!(control.check(&Value::Integer(nearest(number, min, max, step))).is_ok());
    }

    #[test]
    fn any_text_is_survived(control in any_control(), text in any::<String>()) {
        let _ = control.parse(&text);
        let list = CameraControls { controls: vec![control], ..CameraControls::default() };
        let _ = list.find(&text);
    }
}
