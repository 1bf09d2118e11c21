//! The page "Controls": what the camera's picture can be tuned with, beside a preview.

use adw::prelude::*;
use lenscap_words::tr;

use crate::context::Context;
use crate::page::Page;
use crate::stage::Stage;

pub(super) fn page(context: &Context) -> adw::PreferencesPage {
    let store = &context.store;
    // TRANSLATORS: a page; in a narrow window there is room for some eight letters
    let page = Page::new(store, "controls", &tr("Controls"), "preferences-other-symbolic");
    let preview = adw::PreferencesGroup::new();
    preview.add(&Stage::row());
    page.widget.add(&preview);
    context.controls.put_on(&page, &context.toasts);
    page.widget
}
