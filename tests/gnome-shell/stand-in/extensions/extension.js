// A stand-in for the Shell's base of extensions: its catalogue turns a text around, so that one that is not translated shows.

export class Extension {
    constructor(metadata, dir) {
        this.metadata = metadata;
        this.dir = dir;
        this.path = dir.get_path();
    }

    gettext(text) {
        return `«${text}»`;
    }

    ngettext(one, many, n) {
        return `«${n === 1 ? one : many}»`;
    }
}
