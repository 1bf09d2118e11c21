// From what the bus says to what is shown. Pure: no bus, no Shell, no clock.

import {clean, NAME, SENTENCE} from './text.js';

const APP_ID = 'io.github.lenscap.Lenscap';
/** Lines of a kind in the menu. */
const MAX_LINES = 8;
const STATES = ['idle', 'pending', 'starting', 'live', 'cooldown', 'paused', 'asking', 'blocked', 'failed', 'no-device'];
/** Reasons that the state and what can be done say already. */
const SAID_ALREADY = ['turned-off', 'permission-awaited', 'permission-unanswered'];
/** The method for what can be done; whether it takes the programs. */
const METHODS = {
    'turn-off': ['TurnOff', false],
    'allow-once': ['AllowOnce', true],
    'allow-always': ['Allow', true],
    'block': ['Block', true],
    'allow': ['Allow', true],
    'try-again': ['Resume', false],
};
const UNTIL_RESUMED = {method: 'Pause', seconds: 0};

/**
 * What is known of Lenscap.
 *
 * @typedef {object} Known
 * @property {('unknown'|'absent'|'running')} presence - whether it is on the bus
 * @property {boolean} canStart - whether the bus can start it, where it is absent
 * @property {boolean} isBusy - whether something was asked that is not answered yet
 * @property {object} properties - its properties by name, as they came
 */

/**
 * What the tile shows.
 *
 * @param {Known} known - what is known
 * @param {object} words - see `makeWords`
 * @param {Function} clock - from Unix seconds to the time of the day, as text
 * @returns {object} title, subtitle, heading: the same in full, icon; isChecked: the camera may be used; isReactive; action: what a click
 *     asks for, or null; isIndicated: the icon is in the panel; isLit: a camera is on; reason; clients, others, offers: lines
 *     of the menu
 */
export function view(known, words, clock) {
    const properties = known.properties;
    if (known.presence !== 'running' || typeof properties.State !== 'string')
        return unreachable(known, words);
    const status = read(properties, clock);
    const {state, isLive, others} = status;
    const isLit = isLive || others.length > 0;
    const names = unique(status.clients.filter(client => client.usage !== 'open').map(client => client.name));
    const isAsking = state === 'asking' || status.clients.some(client => client.access === 'asking');
    const isKnown = STATES.includes(state);
    const isAllowed = isKnown && !['paused', 'failed', 'no-device'].includes(state);
    return {
        title: words.camera(),
        subtitle: others.length && !isLive ? words.camerasOn(others.length) : words.short(status, names),
        heading: words.stateWithNames(status, names),
        icon: icon(shape(status, isLit)),
        isChecked: isAllowed,
        isReactive: true,
        action: action(status, isAllowed),
        isIndicated: isLit || isAsking,
        isLit,
        reason: reason(properties, isLive),
        clients: clientLines(status.clients, words),
        others: otherLines(others, words),
        offers: status.offers.map(offer => offerLine(offer, words)).filter(line => line).slice(0, 2 * MAX_LINES),
        hasPreferences: true,
    };
}

/** Never "off": nobody knows. */
function unreachable({presence, canStart, isBusy}, words) {
    return {
        title: presence === 'absent' ? words.lenscap() : words.camera(),
        subtitle: presence === 'absent' ? words.notRunning() : words.unknown(),
        heading: '',
        icon: 'dialog-question-symbolic',
        isChecked: false,
        isReactive: presence === 'absent' && canStart && !isBusy,
        action: presence === 'absent' && canStart ? {method: 'start'} : null,
        isIndicated: false,
        isLit: false,
        reason: '',
        clients: [],
        others: [],
        offers: [],
        hasPreferences: false,
    };
}

function read(properties, clock) {
    const offers = list(properties.Offers).map(offer => ({
        verb: clean(offer.verb, NAME),
        ids: list(offer.programs).map(program => program.id).filter(id => typeof id === 'string'),
        names: list(offer.programs).map(program => clean(program.name, NAME)),
    }));
    const isLive = properties.CameraLive === true;
    const isStuck = properties.Stuck === true;
    const state = properties.State;
    const until = Number(properties.PausedUntil);
    return {
        state,
        isLive,
        isGoingOff: state === 'cooldown' && !isStuck && !offers.some(offer => offer.verb === 'turn-off'),
        until: state === 'paused' && until > 0 ? clock(until) : '',
        offers,
        clients: list(properties.Clients).map(client => ({
            name: clean(client.name, NAME),
            usage: client.usage,
            access: client.access,
            id: clean(client.id, NAME),
            icon: typeof client.icon === 'string' ? client.icon : '',
        })),
        others: list(properties.OtherCameras).map(other => ({
            camera: clean(other.camera, NAME),
            programs: unique((Array.isArray(other.programs) ? other.programs : []).map(name => clean(name, NAME))),
        })),
    };
}

/** Dictionaries, whatever came. */
function list(value) {
    return Array.isArray(value) ? value.filter(item => item !== null && typeof item === 'object') : [];
}

function unique(names) {
    return [...new Set(names.filter(name => name))];
}

/** As the tray's icon: each state has a shape of its own, and a camera that is on comes before all else. */
function shape({state, isLive}, isLit) {
    if (isLive && (state === 'starting' || state === 'cooldown'))
        return state;
    if (isLit)
        return 'live';
    switch (state) {
    case 'failed':
    case 'no-device':
        return 'attention';
    case 'paused':
    case 'asking':
    case 'blocked':
        return state;
    default:
        return STATES.includes(state) ? 'capped' : 'attention';
    }
}

function icon(name) {
    return `${APP_ID}-${name}-symbolic`;
}

/** What a click on the tile asks for. */
function action({state}, isAllowed) {
    if (isAllowed)
        return UNTIL_RESUMED;
    // Resuming tries again, too. Without a device the window says what to do.
    return ['paused', 'failed'].includes(state) ? {method: 'Resume'} : {method: 'OpenPreferences'};
}

function reason(properties, isLive) {
    const code = properties.Trouble?.code;
    const isNew = !SAID_ALREADY.includes(code) && (!isLive || properties.Stuck === true);
    return isNew ? clean(properties.Reason, SENTENCE) : '';
}

function clientLines(clients, words) {
    const lines = [];
    for (const {name, usage, access, icon: given, id} of clients) {
        const note = words.access(access);
        // Who only has it open sees nothing.
        const isKnown = lines.some(line => line.name === name && line.note === note && line.id === id);
        if (name && usage !== 'open' && !isKnown)
            lines.push({name, note, icon: given, id});
    }
    return lines.slice(0, MAX_LINES);
}

/** Other cameras, and what that means. */
function otherLines(others, words) {
    const lines = others.slice(0, MAX_LINES).map(words.otherCamera);
    return lines.length ? [...lines, words.cannotSwitchOff()] : [];
}

function offerLine(offer, words) {
    if (!Object.hasOwn(METHODS, offer.verb))
        return null;
    const [method, takesPrograms] = METHODS[offer.verb];
    return {label: words.offer(offer), action: takesPrograms ? {method, programs: offer.ids} : {method}};
}
