// The texts: the same as in Lenscap's tray and window, from the same catalogues.

import {clean, filled, NAME, SENTENCE} from './text.js';

/** Programs named in one line. */
const MAX_NAMES = 3;
/** What Lenscap calls a program that cannot be seen. */
const UNSEEN = 'an application';
/** An error of Lenscap's that says what is wrong. */
const REFUSED = 'io.github.lenscap.Lenscap.Error.Failed';
/** Errors of the bus when nobody is there. */
const ABSENT = ['ServiceUnknown', 'NameHasNoOwner', 'Disconnected'].map(name => `org.freedesktop.DBus.Error.${name}`);

/**
 * @param {Function} _ - translates a text
 * @param {Function} ngettext - translates one of two, by number
 * @returns {object} sentences, as functions
 */
export function makeWords(_, ngettext) {
    // TRANSLATORS: what stands between the names of a list, with the space behind it
    const listed = names => names.join(_(', '));

    const inOneLine = names => {
        const shown = listed(names.slice(0, MAX_NAMES).map(name => name === UNSEEN ? _('an application') : name));
        const more = names.length - MAX_NAMES;
        if (more <= 0)
            return shown;
        return filled(ngettext('{names} and {n} more', '{names} and {n} more', more), {names: shown, n: more});
    };

    const namesIn = (offers, verb) => offers.filter(offer => offer.verb === verb).flatMap(offer => offer.names);
    /** Whom the user keeps out, or is asked about. */
    const keptOut = offers => {
        const allow = namesIn(offers, 'allow');
        return allow.length ? allow : namesIn(offers, 'allow-once');
    };
    const withNames = (text, names, without) => names.length ? filled(text, {names: inOneLine(names)}) : without;

    /** Of the relay's own camera, in full. */
    const state = ({state: name, isLive, isGoingOff, until, offers}) => {
        if (name === 'starting')
            return _('Camera is starting');
        if (name === 'cooldown' && isLive)
            return isGoingOff ? _('Camera is being switched off') : _('Camera is still on');
        if (isLive)
            return _('Camera is on');
        switch (name) {
        case 'no-device':
            return _('No camera device');
        case 'paused':
            return until ? filled(_('Camera is paused until {time}'), {time: until}) : _('Camera is paused');
        case 'blocked':
            return withNames(_('Camera is off for {names}'), keptOut(offers), _('Camera is off'));
        case 'asking':
            return withNames(_('Camera is wanted by {names}'), namesIn(offers, 'allow-once'), _('Camera is off'));
        case 'failed':
            return _('The camera does not work');
        case 'idle':
        case 'pending':
        case 'live':
        case 'cooldown':
            return _('Camera is off');
        default:
            return _("Camera's state is unknown");
        }
    };

    /** The same below "Camera" on the tile, which shows about sixteen letters. */
    const short = ({state: name, isLive, isGoingOff, until, offers}, names) => {
        if (name === 'starting')
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return _('Starts');
        if (name === 'cooldown' && isLive)
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return isGoingOff ? _('Goes off')
                // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
                : _('Still on');
        if (isLive)
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return withNames(_('Is on: {names}'), names,
                // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
                _('Is on'));
        switch (name) {
        case 'no-device':
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return _('No device');
        case 'paused':
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return until ? filled(_('Paused until {time}'), {time: until})
                // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
                : _('Paused');
        case 'blocked':
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return withNames(_('Off for {names}'), keptOut(offers), _('Is off'));
        case 'asking':
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return withNames(_('Wanted by {names}'), namesIn(offers, 'allow-once'), _('Is off'));
        case 'failed':
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return _('Does not work');
        case 'idle':
        case 'pending':
        case 'live':
        case 'cooldown':
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return _('Is off');
        default:
            // TRANSLATORS: of the camera, in GNOME's quick settings: at most 16 characters without the names
            return _('Unknown');
        }
    };

    return {
        lenscap: () => _('Lenscap'),
        camera: () => _('Camera'),
        preferences: () => _('Preferences…'),
        // TRANSLATORS: below "Lenscap", in the quick settings of GNOME: at most 20 characters
        notRunning: () => _('Not running'),
        unknown: () => _('Unknown'),
        cannot: () => _('Lenscap cannot do that'),
        cannotSwitchOff: () =>
            _('Lenscap cannot switch that camera off: end the video in the program that uses it.'),
        short,

        /** The state, and who streams, where the state does not say more than that. */
        stateWithNames: (status, names) => {
            const namesThem = ['asking', 'blocked'].includes(status.state) && !status.isLive;
            if (!names.length || namesThem || status.until)
                return state(status);
            return filled(_('{state}: {names}'), {state: state(status), names: inOneLine(names)});
        },

        camerasOn: n => filled(ngettext('{n} camera is on', '{n} cameras are on', n), {n}),

        otherCamera: ({camera, programs}) => filled(_('Camera {camera} is on: {names}'), {
            camera,
            // TRANSLATORS: a program that cannot be seen, as in "Camera Foo is on: another program"
            names: programs.length ? inOneLine(programs) : _('another program'),
        }),

        /** What a program may, where it has not simply got the camera. */
        access: access => {
            switch (access) {
            case 'asking':
                return _('Waiting for permission');
            case 'unanswered':
            case 'blocked':
            case 'turned-off':
                return _('Camera is not allowed');
            default:
                return '';
            }
        },

        /** What can be done, in a menu. Empty: nothing that this version knows. */
        offer: ({verb, names}) => {
            const of = (text, without) => withNames(text, names, without);
            switch (verb) {
            case 'turn-off':
                return of(_('Turn Off for {names}'), _('Turn Off Now'));
            case 'allow-once':
                return of(_('Allow {names} Once'), _('Allow Once'));
            case 'allow-always':
                return of(_('Always Allow {names}'), _('Always Allow'));
            case 'block':
                return of(_('Block {names}'), _('Block'));
            case 'allow':
                return of(_('Allow {names} Again'), _('Allow Again'));
            case 'pause':
                return _('Pause');
            case 'resume':
                return _('Resume Camera');
            case 'try-again':
                return _('Try Again');
            default:
                return '';
            }
        },

        /** Why a call failed, by the error's name and text. */
        failure: (name, message) => {
            if (name === REFUSED)
                return clean(message, SENTENCE);
            if (ABSENT.includes(name))
                return _('Lenscap is not running: start it.');
            return _('Lenscap does not answer: end it and start it again.');
        },

        /** Why the bus could not start Lenscap. */
        startFailure: message => filled(_("A program of Lenscap's cannot be started{why}: reinstall Lenscap."), {
            why: filled(_(' ({why})'), {why: clean(message, NAME)}),
        }),
    };
}
