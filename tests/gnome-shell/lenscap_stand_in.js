// A stand-in for Lenscap on the bus, on a connection of its own: properties as told, calls noted, refused or left unanswered.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const NAME = 'io.github.lenscap.Lenscap';
const PATH = '/io/github/lenscap/Lenscap';
const TYPES = {State: 's', CameraLive: 'b', Offers: 'aa{sv}', Clients: 'aa{sv}', Reason: 's'};

export class LenscapStandIn {
    constructor(xml) {
        const flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION;
        this.connection = Gio.DBusConnection.new_for_address_sync(
            GLib.getenv('DBUS_SESSION_BUS_ADDRESS'), flags, null, null);
        this.properties = {State: 'idle', CameraLive: false, Offers: [], Clients: [], Reason: ''};
        this.calls = [];
        /** What becomes of a call: "done", "refused" or "silent". */
        this.answers = 'done';
        this.unanswered = [];
        const info = Gio.DBusNodeInfo.new_for_xml(xml).lookup_interface(NAME);
        this.connection.register_object(PATH, info,
            (_connection, _sender, _path, _of, method, parameters, invocation) => {
                this.calls.push([method, parameters.recursiveUnpack()]);
                this._answer(invocation);
            },
            (_connection, _sender, _path, _of, name) => this._variant(name), null);
        this._own('RequestName', new GLib.Variant('(su)', [NAME, 4]));
    }

    _variant(name) {
        return Object.hasOwn(this.properties, name) ? new GLib.Variant(TYPES[name], this.properties[name]) : null;
    }

    _answer(invocation) {
        if (this.answers === 'done')
            invocation.return_value(null);
        else if (this.answers === 'refused')
            invocation.return_dbus_error(`${NAME}.Error.Failed`, 'The settings cannot be saved: <b>make room</b>.');
        else
            this.unanswered.push(invocation);
    }

    /** Answers what was left. */
    answerAll() {
        this.answers = 'done';
        this.unanswered.splice(0).forEach(invocation => invocation.return_value(null));
    }

    /** Tells these properties. */
    tell(properties) {
        Object.assign(this.properties, properties);
        const changed = Object.fromEntries(Object.keys(properties).map(name => [name, this._variant(name)]));
        const body = new GLib.Variant('(sa{sv}as)', [NAME, changed, []]);
        this.connection.emit_signal(null, PATH, 'org.freedesktop.DBus.Properties', 'PropertiesChanged', body);
    }

    /** Goes, as a process that ends. */
    leave() {
        this.connection.close_sync(null);
    }

    _own(method, parameters) {
        const bus = 'org.freedesktop.DBus';
        this.connection.call_sync(bus, '/org/freedesktop/DBus', bus, method, parameters, null, 0, 5000, null);
    }
}
