// The tile in the quick settings, its menu, and the icon in the panel: shows a view, and says what was clicked.

import Gio from 'gi://Gio';
import GObject from 'gi://GObject';

import {PopupImageMenuItem, PopupMenuItem, PopupMenuSection, PopupSeparatorMenuItem}
    from 'resource:///org/gnome/shell/ui/popupMenu.js';
import {QuickMenuToggle, SystemIndicator} from 'resource:///org/gnome/shell/ui/quickSettings.js';

import {filled} from './text.js';

/** For a program without an icon. */
const NO_ICON = 'application-x-executable-symbolic';

const Toggle = GObject.registerClass(
class LenscapToggle extends QuickMenuToggle {
    constructor(words) {
        super({title: words.lenscap(), toggleMode: false});
        this._words = words;
        this._lines = '';
        this._section = new PopupMenuSection();
        this.menu.addMenuItem(this._section);
    }

    showView(view, ask) {
        this.set({
            title: view.title,
            subtitle: view.subtitle,
            iconName: view.icon,
            checked: view.isChecked,
            reactive: view.isReactive,
            menuEnabled: view.hasPreferences,
        });
        this.menu.setHeader(view.icon, view.title, view.heading || view.subtitle);
        if (!view.hasPreferences)
            this.menu.close();
        // Who is about to click in it keeps the entry that is there.
        const {reason, clients, others, offers, hasPreferences} = view;
        const lines = JSON.stringify({reason, clients, others, offers, hasPreferences});
        if (lines !== this._lines) {
            this._lines = lines;
            this._fill(view, ask);
        }
    }

    _fill({reason, clients, others, offers, hasPreferences}, ask) {
        const section = this._section;
        section.removeAll();
        for (const client of clients)
            section.addMenuItem(new PopupImageMenuItem(label(client), programIcon(client.icon), {reactive: false}));
        for (const line of [reason, ...others].filter(text => text))
            section.addMenuItem(sentence(line));
        if (offers.length)
            section.addMenuItem(new PopupSeparatorMenuItem());
        for (const offer of offers)
            section.addAction(offer.label, () => ask(offer.action));
        if (hasPreferences) {
            section.addMenuItem(new PopupSeparatorMenuItem());
            section.addAction(this._words.preferences(), () => ask({method: 'OpenPreferences'}));
        }
    }
});

function label({name, note}) {
    return note ? filled('{name} – {note}', {name, note}) : name;
}

/** A line that may be longer than the menu is wide. */
function sentence(text) {
    const item = new PopupMenuItem(text, {reactive: false});
    item.label.clutter_text.line_wrap = true;
    return item;
}

/** As Lenscap has it of the desktop file: a name in the theme, or a path. */
function programIcon(icon) {
    if (icon.startsWith('/'))
        return new Gio.FileIcon({file: Gio.File.new_for_path(icon)});
    return Gio.ThemedIcon.new_from_names(icon ? [icon, NO_ICON] : [NO_ICON]);
}

export const Indicator = GObject.registerClass(
class LenscapIndicator extends SystemIndicator {
    /**
     * @param {object} words - see `makeWords`
     * @param {Function} ask - called with what the user wants
     */
    constructor(words, ask) {
        super();
        this._ask = ask;
        this._view = null;
        this._icon = this._addIndicator();
        this._icon.visible = false;
        this.toggle = new Toggle(words);
        this.toggle.connect('clicked', () => {
            if (this._view?.action && this._view.isReactive)
                ask(this._view.action);
        });
        this.quickSettingsItems.push(this.toggle);
    }

    /**
     * Shows this from now on.
     *
     * @param {object} view - see `view` in model.js
     */
    showView(view) {
        this._view = view;
        this._icon.icon_name = view.icon;
        this._icon.visible = view.isIndicated;
        // The Shell's own colour for a camera that is on.
        if (view.isLit)
            this._icon.add_style_class_name('privacy-indicator');
        else
            this._icon.remove_style_class_name('privacy-indicator');
        this.toggle.showView(view, this._ask);
    }

    /** With the tile, which is not a child of it. */
    destroy() {
        this.quickSettingsItems.forEach(item => item.destroy());
        this.quickSettingsItems = [];
        super.destroy();
    }
});
