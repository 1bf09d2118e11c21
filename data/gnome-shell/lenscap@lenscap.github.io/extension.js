// Lenscap in GNOME's quick settings, for panels without tray icons. Made of the bus (service.js), what is to be shown
// (model.js) and how (indicator.js).

import {bindtextdomain} from 'gettext';
import GLib from 'gi://GLib';

import {Extension} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';

import {Indicator} from './indicator.js';
import {view} from './model.js';
import {Service} from './service.js';
import {makeWords} from './words.js';

export default class LenscapExtension extends Extension {
    enable() {
        this.#findTranslations();
        const words = makeWords(text => this.gettext(text), (...texts) => this.ngettext(...texts));
        const ask = action => this._service?.ask(action);
        this._indicator = new Indicator(words, ask);
        const show = () => this._indicator?.showView(view(this._service.known, words, clock));
        const failed = (method, name, message) => {
            const why = method === 'start' ? words.startFailure(message) : words.failure(name, message);
            Main.notify(words.cannot(), why);
        };
        this._service = new Service(show, failed);
        show();
        Main.panel.statusArea.quickSettings.addExternalIndicator(this._indicator);
    }

    disable() {
        this._service?.destroy();
        this._service = null;
        this._indicator?.destroy();
        this._indicator = null;
    }

    /** The Shell looks beside itself. Installed with another prefix, the catalogues are below that. */
    #findTranslations() {
        if (!this.path.startsWith(GLib.get_user_data_dir()))
            bindtextdomain('lenscap', this.dir.resolve_relative_path('../../../locale').get_path());
    }
}

function clock(seconds) {
    return GLib.DateTime.new_from_unix_local(seconds)?.format('%H:%M') ?? '';
}
