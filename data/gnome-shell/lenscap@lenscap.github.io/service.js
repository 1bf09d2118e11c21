// Lenscap on the session bus. Nothing here waits: what is asked has a deadline, and is told when it is answered.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const NAME = 'io.github.lenscap.Lenscap';
const PATH = '/io/github/lenscap/Lenscap';
const BUS = 'org.freedesktop.DBus';
const BUS_PATH = '/org/freedesktop/DBus';
/** How long Lenscap may take to answer, in milliseconds. It answers a pause when the camera is off. */
const ANSWER_LIMIT = 15000;
/** How long its start may take. */
const START_LIMIT = 30000;

/** What Lenscap says, and what it is asked. */
export class Service {
    #cancellable = new Gio.Cancellable();
    #changed;
    #failed;
    #proxy = null;
    #signals = [];
    #canStart = false;
    #isBusy = false;
    #watch;

    /**
     * @param {Function} changed - called without arguments when `known` has changed
     * @param {Function} failed - called when something could not be done, with the method, the error's name and its text
     */
    constructor(changed, failed) {
        this.#changed = changed;
        this.#failed = failed;
        this.#lookForStart();
        // Something was installed, or removed.
        this.#watch = Gio.DBus.session.signal_subscribe(BUS, BUS, 'ActivatableServicesChanged', BUS_PATH, null,
            Gio.DBusSignalFlags.NONE, () => this.#lookForStart());
        const proxy = new Gio.DBusProxy({
            g_connection: Gio.DBus.session,
            g_name: NAME,
            g_object_path: PATH,
            g_interface_name: NAME,
            // To look is not to start it.
            g_flags: Gio.DBusProxyFlags.DO_NOT_AUTO_START,
            g_default_timeout: ANSWER_LIMIT,
        });
        proxy.init_async(GLib.PRIORITY_DEFAULT, this.#cancellable, (_source, result) => {
            try {
                proxy.init_finish(result);
            } catch (error) {
                this.#log(error);
                return;
            }
            if (this.#cancellable.is_cancelled())
                return;
            this.#proxy = proxy;
            this.#signals = [
                proxy.connect('g-properties-changed', () => this.#changed()),
                proxy.connect('notify::g-name-owner', () => {
                    this.#lookForStart();
                    this.#changed();
                }),
            ];
            this.#changed();
        });
    }

    /** What is known now; see `Known` in model.js. */
    get known() {
        const proxy = this.#proxy;
        const properties = {};
        for (const name of proxy?.get_cached_property_names() ?? [])
            properties[name] = proxy.get_cached_property(name).recursiveUnpack();
        let presence = 'unknown';
        if (proxy)
            presence = proxy.g_name_owner ? 'running' : 'absent';
        return {presence, canStart: this.#canStart, isBusy: this.#isBusy, properties};
    }

    /**
     * Asks for something; not while an answer is awaited.
     *
     * @param {object} action - method; seconds or programs, where it takes them
     */
    ask({method, seconds, programs}) {
        if (this.#isBusy || !this.#proxy)
            return;
        if (method === 'start') {
            const name = new GLib.Variant('(su)', [NAME, 0]);
            this.#send('start', {name: BUS, path: BUS_PATH, of: BUS, method: 'StartServiceByName'}, name, START_LIMIT);
            return;
        }
        let parameters = null;
        if (seconds !== undefined)
            parameters = new GLib.Variant('(u)', [seconds]);
        else if (programs !== undefined)
            parameters = new GLib.Variant('(as)', [programs]);
        this.#send(method, {name: NAME, path: PATH, of: NAME, method}, parameters, ANSWER_LIMIT);
    }

    /** Ends it: nothing is told any more. */
    destroy() {
        if (this.#cancellable.is_cancelled())
            return;
        this.#changed = () => {};
        this.#failed = () => {};
        this.#cancellable.cancel();
        Gio.DBus.session.signal_unsubscribe(this.#watch);
        for (const signal of this.#signals)
            this.#proxy.disconnect(signal);
        this.#signals = [];
        this.#proxy = null;
    }

    #send(what, {name, path, of, method}, parameters, limit) {
        this.#isBusy = true;
        this.#changed();
        const flags = Gio.DBusCallFlags.NO_AUTO_START;
        const bus = Gio.DBus.session;
        bus.call(name, path, of, method, parameters, null, flags, limit, this.#cancellable, (_source, result) => {
            this.#isBusy = false;
            try {
                bus.call_finish(result);
            } catch (error) {
                if (!error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED)) {
                    const remote = Gio.DBusError.get_remote_error(error) ?? '';
                    Gio.DBusError.strip_remote_error(error);
                    this.#failed(what, remote, error.message);
                }
            }
            this.#changed();
        });
    }

    /** Whether the bus can start it: asked when it goes, for it may have been removed, and at the beginning. */
    #lookForStart() {
        const bus = Gio.DBus.session;
        const flags = Gio.DBusCallFlags.NONE;
        const call = [BUS, BUS_PATH, BUS, 'ListActivatableNames', null, null, flags, ANSWER_LIMIT, this.#cancellable];
        bus.call(...call, (_source, result) => {
            try {
                const [names] = bus.call_finish(result).recursiveUnpack();
                this.#canStart = names.includes(NAME);
                this.#changed();
            } catch (error) {
                this.#log(error);
            }
        });
    }

    #log(error) {
        if (!error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED))
            console.warn(`Lenscap: ${error.message}`);
    }
}
