// A stand-in for the Shell's menus: what is in them, and what a click does.

export class PopupMenuItem {
    constructor(text, params = {}) {
        this.label = {text, clutter_text: {}};
        this.reactive = params.reactive ?? true;
    }
}

export class PopupImageMenuItem extends PopupMenuItem {
    constructor(text, icon, params) {
        super(text, params);
        this.icon = icon;
    }
}

export class PopupSeparatorMenuItem extends PopupMenuItem {
    constructor() {
        super('---');
    }
}

export class PopupMenuSection {
    items = [];
    fills = 0;

    addMenuItem(item) {
        this.items.push(item);
    }

    addAction(text, callback) {
        const item = new PopupMenuItem(text);
        item.activate = callback;
        this.items.push(item);
        return item;
    }

    removeAll() {
        this.items = [];
        this.fills++;
    }
}
