// A stand-in for the Shell's quick settings: the properties that a tile has there, and nothing that is drawn.

import GObject from 'gi://GObject';

const {READWRITE} = GObject.ParamFlags;
const text = name => GObject.ParamSpec.string(name, null, null, READWRITE, null);
const flag = name => GObject.ParamSpec.boolean(name, null, null, READWRITE, true);

const Actor = GObject.registerClass({
    Signals: {destroyed: {}},
}, class Actor extends GObject.Object {
    destroy() {
        if (this.isDestroyed)
            throw new Error('destroyed twice');
        this.isDestroyed = true;
    }
});

export const QuickMenuToggle = GObject.registerClass({
    Properties: {
        'title': text('title'),
        'subtitle': text('subtitle'),
        'icon-name': text('icon-name'),
        'checked': flag('checked'),
        'reactive': flag('reactive'),
        'toggle-mode': flag('toggle-mode'),
        'menu-enabled': flag('menu-enabled'),
    },
    Signals: {clicked: {param_types: [GObject.TYPE_INT]}},
}, class QuickMenuToggle extends Actor {
    _init(params) {
        super._init(params);
        this.menu = {
            items: [],
            header: [],
            isOpen: false,
            addMenuItem(item) {
                this.items.push(item);
            },
            setHeader(...header) {
                this.header = header;
            },
            close() {
                this.isOpen = false;
            },
        };
    }
});

export const SystemIndicator = GObject.registerClass(
class SystemIndicator extends Actor {
    _init() {
        super._init();
        this.quickSettingsItems = [];
    }

    _addIndicator() {
        this.styles = new Set();
        return {
            visible: true,
            icon_name: '',
            styles: this.styles,
            add_style_class_name: name => this.styles.add(name),
            remove_style_class_name: name => this.styles.delete(name),
        };
    }
});
