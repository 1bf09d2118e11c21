//! `[apps]`: what each application may do with the camera.

use std::borrow::Cow;

use lenscap_core::app::{AppId, Rule};
use lenscap_core::trouble::settings::Limits;

use crate::model::Settings;
use crate::table::{ActsOn, Unit};

/// `[apps]`: the default, and a list of application ids for each rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Apps {
    /// What those may do that stand in no list.
    pub unknown: Rule,
    /// Those that get the camera.
    pub allow: Vec<String>,
    /// Those about which the user is asked.
    pub ask: Vec<String>,
    /// Those about which the user is asked each time.
    pub always_ask: Vec<String>,
    /// Those that never get it.
    pub block: Vec<String>,
}

impl Apps {
    /// The strictest first: it holds for an application that stands in several lists.
    fn lists(&self) -> [(Rule, &Vec<String>); 4] {
        let Self { unknown: _, allow, ask, always_ask, block } = self;
        [(Rule::Block, block), (Rule::AlwaysAsk, always_ask), (Rule::Ask, ask), (Rule::Allow, allow)]
    }

    fn list_mut(&mut self, rule: Rule) -> &mut Vec<String> {
        match rule {
            Rule::Allow => &mut self.allow,
            Rule::Ask => &mut self.ask,
            Rule::AlwaysAsk => &mut self.always_ask,
            Rule::Block => &mut self.block,
        }
    }
}

impl Settings {
    /// The rules for applications, the strictest first. Among them are those of `privacy.blocked`, which held before there
    /// was `[apps]`: names of programs.
    pub fn rules(&self) -> Vec<(AppId, Rule)> {
        let before = self.privacy.blocked.iter().map(|name| (AppId::of_program(name), Rule::Block));
        let lists = self.apps.lists().into_iter();
        before.chain(lists.flat_map(|(rule, ids)| ids.iter().map(move |id| (id.as_str().into(), rule)))).collect()
    }

    /// This rule for the application, and no other; `None`: the one for those that stand in no list.
    pub fn set_rule(&mut self, app: &AppId, rule: Option<Rule>) {
        self.move_blocked();
        for other in Rule::ALL {
            self.apps.list_mut(other).retain(|id| !app.is(&id.as_str().into()));
        }
        if let Some(rule) = rule {
            self.apps.list_mut(rule).push(app.to_string());
        }
    }

    /// Moves `privacy.blocked` to where it is now; whether there was something to move.
    pub fn move_blocked(&mut self) -> bool {
        let names = std::mem::take(&mut self.privacy.blocked);
        let is_moved = !names.is_empty();
        for name in names {
            let id = AppId::of_program(&name).to_string();
            if !self.apps.block.iter().any(|known| known.eq_ignore_ascii_case(&id)) {
                self.apps.block.push(id);
            }
        }
        is_moved
    }
}

/// Of one list: ids are not longer than names of files, but for the "program:" before some.
const IDS: Limits = Limits::Names { max_count: 256, max_bytes: 263 };

super::settings! { "apps":
    /// What others may do.
    UNKNOWN at apps.unknown {
        key: "unknown",
        limits: Limits::Words {
            words: Cow::Borrowed(&[
                Cow::Borrowed("allow"),
                Cow::Borrowed("ask"),
                Cow::Borrowed("always-ask"),
                Cow::Borrowed("block"),
            ]),
            any_case: false,
        },
        unit: Unit::None,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// They get the camera.
    ALLOW at apps.allow {
        key: "allow",
        limits: IDS,
        unit: Unit::None,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// The user is asked.
    ASK at apps.ask {
        key: "ask",
        limits: IDS,
        unit: Unit::None,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// The user is asked each time.
    ALWAYS_ASK at apps.always_ask {
        key: "always_ask",
        limits: IDS,
        unit: Unit::None,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// They never get it.
    BLOCK at apps.block {
        key: "block",
        limits: IDS,
        unit: Unit::None,
        acts_on: ActsOn::Machine,
        option: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_has_one_rule_and_the_list_of_before_becomes_one() {
        let mut settings = Settings::default();
        settings.privacy.blocked = vec!["zoom".into(), "Zoom".into()];
        assert_eq!(settings.rules()[0], (AppId::of_program("zoom"), Rule::Block));
        let firefox = AppId::from("org.mozilla.firefox");
        settings.set_rule(&firefox, Some(Rule::Ask));
        assert!(settings.privacy.blocked.is_empty());
        assert_eq!(settings.rules(), [(AppId::of_program("zoom"), Rule::Block), (firefox.clone(), Rule::Ask)]);
        settings.set_rule(&"Org.Mozilla.Firefox".into(), Some(Rule::Block));
        assert!(settings.apps.ask.is_empty() && settings.apps.block.len() == 2);
        settings.set_rule(&firefox, None);
        settings.set_rule(&AppId::of_program("ZOOM"), None);
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn of_several_rules_the_strictest_holds() {
        let lists = Apps { allow: vec!["a".into()], ask: vec!["a".into()], block: vec!["A".into()], ..Apps::default() };
        assert_eq!(Settings { apps: lists, ..Settings::default() }.rules()[0].1, Rule::Block);
    }
}
