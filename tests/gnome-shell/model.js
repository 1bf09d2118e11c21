// From the properties to the tile: no bus, no Shell.

import {view} from '../../data/gnome-shell/lenscap@lenscap.github.io/model.js';
import {clean, filled} from '../../data/gnome-shell/lenscap@lenscap.github.io/text.js';
import {makeWords} from '../../data/gnome-shell/lenscap@lenscap.github.io/words.js';
import {end, english, equal, test, that} from './check.js';

const words = makeWords(...english);
const offer = (verb, ...programs) => ({verb, programs: programs.map(name => ({id: `program:${name}`, name}))});
const client = (name, rest = {}) =>
    ({pid: 7, name, usage: 'streaming', id: `program:${name}`, icon: '', guess: false, access: 'allowed', ...rest});
const IDLE = {
    State: 'idle', CameraLive: false, LiveSince: 0, Clients: [], OtherCameras: [], Offers: [offer('pause')], Reason: '',
    Trouble: {}, PausedUntil: 0, Stuck: false, Camera: 'Webcam',
};

function shown(properties, rest = {}) {
    const known = {presence: 'running', canStart: true, isBusy: false, properties: {...IDLE, ...properties}, ...rest};
    return view(known, words, seconds => `${seconds} o'clock`);
}

const shape = tile => /Lenscap-(\w+)-symbolic/.exec(tile.icon)?.[1];

test('each state has its words, its icon and its switch', () => {
    const zoom = client('Zoom');
    for (const [properties, heading, expected, isChecked, isIndicated, method] of [
        [{}, 'Camera is off', 'capped', true, false, 'Pause'],
        [{State: 'pending'}, 'Camera is off', 'capped', true, false, 'Pause'],
        [{State: 'starting', CameraLive: true}, 'Camera is starting', 'starting', true, true, 'Pause'],
        [{State: 'live', CameraLive: true, Clients: [zoom]}, 'Camera is on: Zoom', 'live', true, true, 'Pause'],
        [{State: 'cooldown', CameraLive: true}, 'Camera is being switched off', 'cooldown', true, true, 'Pause'],
        [{State: 'cooldown', CameraLive: true, Offers: [offer('turn-off')]}, 'Camera is still on', 'cooldown', true, true, 'Pause'],
        [{State: 'paused'}, 'Camera is paused', 'paused', false, false, 'Resume'],
        [{State: 'paused', PausedUntil: 5}, "Camera is paused until 5 o'clock", 'paused', false, false, 'Resume'],
        [{State: 'paused', PausedUntil: -1}, 'Camera is paused', 'paused', false, false, 'Resume'],
        [{State: 'paused', CameraLive: true}, 'Camera is on', 'live', false, true, 'Resume'],
        [{State: 'asking', Offers: [offer('allow-once', 'Zoom')]}, 'Camera is wanted by Zoom', 'asking', true, true, 'Pause'],
        [{State: 'blocked', Offers: [offer('allow', 'Zoom')]}, 'Camera is off for Zoom', 'blocked', true, false, 'Pause'],
        [{State: 'failed'}, 'The camera does not work', 'attention', false, false, 'Resume'],
        [{State: 'no-device'}, 'No camera device', 'attention', false, false, 'OpenPreferences'],
        [{State: 'dancing'}, "Camera's state is unknown", 'attention', false, false, 'OpenPreferences'],
    ]) {
        const tile = shown(properties);
        const what = JSON.stringify(properties);
        equal([tile.heading, shape(tile)], [heading, expected], what);
        equal([tile.isChecked, tile.isIndicated, tile.action.method], [isChecked, isIndicated, method], what);
        that(tile.isReactive && tile.hasPreferences, what);
    }
    equal(shown({}).action, {method: 'Pause', seconds: 0}, 'a pause until resumed');
    const Offers = [offer('allow-once', 'Zoom')];
    for (const [properties, subtitle] of [
        [{}, 'Is off'],
        [{State: 'starting', CameraLive: true}, 'Starts'],
        [{State: 'live', CameraLive: true, Clients: [zoom]}, 'Is on: Zoom'],
        [{State: 'live', CameraLive: true}, 'Is on'],
        [{State: 'cooldown', CameraLive: true}, 'Goes off'],
        [{State: 'cooldown', CameraLive: true, Offers: [offer('turn-off')]}, 'Still on'],
        [{State: 'asking', Clients: [zoom], Offers}, 'Wanted by Zoom'],
        [{State: 'asking', CameraLive: true, Clients: [zoom], Offers}, 'Is on: Zoom'],
        [{State: 'blocked', Clients: [zoom], Offers}, 'Off for Zoom'],
        [{State: 'paused', Clients: [zoom], PausedUntil: 5}, "Paused until 5 o'clock"],
        [{State: 'paused'}, 'Paused'],
        [{State: 'failed'}, 'Does not work'],
        [{State: 'no-device'}, 'No device'],
        [{State: 'dancing'}, 'Unknown'],
    ])
        equal([shown(properties).title, shown(properties).subtitle], ['Camera', subtitle], 'the tile, which is narrow');
});

test('a camera that is on is never shown as off', () => {
    const lit = ['live', 'starting', 'cooldown'];
    for (const State of ['idle', 'starting', 'live', 'cooldown', 'paused', 'asking', 'blocked', 'failed', 'no-device', 'dancing']) {
        const on = shown({State, CameraLive: true});
        that(on.isIndicated && on.isLit && lit.includes(shape(on)) && !/is off/iu.test(on.subtitle + on.heading), `${State}: ${on.subtitle}`);
        const other = shown({State, OtherCameras: [{camera: 'Foo', node: '/dev/video2', programs: ['cheese']}]});
        that(other.isIndicated && other.isLit && lit.includes(shape(other)), State);
        equal(other.subtitle, '1 camera is on');
        equal(other.others[0], 'Camera Foo is on: cheese');
        const off = shown({State});
        that(!off.isLit && !lit.includes(shape(off)), State);
    }
    const two = [{camera: 'Foo', programs: []}, {camera: 'Bar', programs: ['a', 'a', 'b']}];
    const tile = shown({OtherCameras: two});
    equal(tile.subtitle, '2 cameras are on');
    equal([tile.others[0], tile.others[1]], ['Camera Foo is on: another program', 'Camera Bar is on: a, b']);
    equal(tile.heading, 'Camera is off', 'our own');
});

test('without Lenscap it is never off', () => {
    for (const [rest, title, subtitle, action] of [
        [{presence: 'absent'}, 'Lenscap', 'Not running', {method: 'start'}],
        [{presence: 'absent', canStart: false}, 'Lenscap', 'Not running', null],
        [{presence: 'unknown'}, 'Camera', 'Unknown', null],
        [{properties: {}}, 'Camera', 'Unknown', null],
    ]) {
        const tile = shown({}, rest);
        equal([tile.title, tile.subtitle, tile.action, tile.isReactive], [title, subtitle, action, action !== null]);
        that(!tile.isChecked && !tile.hasPreferences && shape(tile) === undefined, title);
        equal([tile.clients, tile.offers], [[], []]);
    }
    equal(shown({}, {presence: 'absent', isBusy: true}).isReactive, false, 'once');
});

test('who uses the camera, and what can be answered', () => {
    const Clients = [
        client('Zoom', {icon: 'us.zoom.Zoom', id: 'us.zoom.Zoom'}),
        client('Zoom', {icon: 'us.zoom.Zoom', id: 'us.zoom.Zoom', pid: 8}),
        client('ffmpeg', {access: 'asking'}),
        client('cheese', {access: 'blocked'}),
        client('looker', {usage: 'open'}),
    ];
    const Offers = [
        offer('allow-once', 'ffmpeg'), offer('allow-always', 'ffmpeg'), offer('block', 'ffmpeg'), offer('turn-off', 'Zoom'),
        offer('allow', 'cheese'), offer('dance', 'Zoom'), offer('try-again'), offer('pause'),
    ];
    const tile = shown({State: 'live', CameraLive: true, Clients, Offers});
    equal(tile.clients.map(({name, note, icon}) => [name, note, icon]), [
        ['Zoom', '', 'us.zoom.Zoom'], ['ffmpeg', 'Waiting for permission', ''], ['cheese', 'Camera is not allowed', ''],
    ]);
    equal(tile.offers.map(({label, action}) => [label, action.method, action.programs]), [
        ['Allow ffmpeg Once', 'AllowOnce', ['program:ffmpeg']],
        ['Always Allow ffmpeg', 'Allow', ['program:ffmpeg']],
        ['Block ffmpeg', 'Block', ['program:ffmpeg']],
        ['Turn Off for Zoom', 'TurnOff', undefined],
        ['Allow cheese Again', 'Allow', ['program:cheese']],
        ['Try Again', 'Resume', undefined],
    ]);
    equal(tile.subtitle, 'Is on: Zoom, ffmpeg, cheese');
    const many = shown({State: 'live', CameraLive: true, Clients: [...'abcde'].map(name => client(name))});
    equal(many.subtitle, 'Is on: a, b, c and 2 more');
    const hidden = shown({State: 'asking', Offers: [offer('allow-once', 'an application')]});
    equal(hidden.offers[0].label, 'Allow an application Once');
});

test('why it does not work is said, and nothing twice', () => {
    const Reason = 'The camera Foo is in use by cheese.';
    equal(shown({State: 'failed', Reason, Trouble: {code: 'camera-busy'}}).reason, Reason);
    equal(shown({State: 'blocked', Reason: 'You turned it off.', Trouble: {code: 'turned-off'}}).reason, '');
    equal(shown({State: 'live', CameraLive: true, Reason, Trouble: {code: 'x'}}).reason, '', 'it works');
    equal(shown({State: 'live', CameraLive: true, Stuck: true, Reason, Trouble: {code: 'x'}}).reason, Reason);
});

test('text from outside stays text, and short', () => {
    equal(clean('<b>Zoom</b> &amp;'), '<b>Zoom</b> &amp;');
    equal(clean('a\nb\tc\u0000d\u0085e \u2028 f'), 'a b c d e f');
    equal(clean('evil\u202egpj.exe\u2066\u200f'), 'evilgpj.exe');
    equal([...clean('😀'.repeat(10240), 80)].length, 80);
    equal(clean('x'.repeat(10240), 80), `${'x'.repeat(79)}…`);
    for (const value of [undefined, null, 7, {}, []])
        equal(clean(value), '');
    equal(filled('{a} of {b}', {a: '{b}', b: '$&'}), '{b} of $&', 'each once');
    equal(filled('Camera is on: {names}', {names: 'زوم'}), 'Camera is on: \u2068زوم\u2069', 'turns nothing around');
    equal(filled('الكاميرا: {names}', {names: 'Zoom'}), 'الكاميرا: \u2068Zoom\u2069');
    const hostile = '<i>\n\u202e' + 'A'.repeat(10240);
    const tile = shown({
        State: 'live', CameraLive: true, Clients: [client(hostile)], Offers: [offer('turn-off', hostile)], Stuck: true,
        Reason: hostile, OtherCameras: [{camera: hostile, programs: [hostile]}],
    });
    const texts = [tile.subtitle, tile.heading, tile.reason, tile.clients[0].name, tile.offers[0].label, ...tile.others];
    for (const text of texts) {
        that(text.length <= 400 && !/[\n\u202e]/u.test(text), text);
        that(text.includes('<i>') || text.startsWith('Lenscap'), text);
    }
});

test('properties of another type than promised do no harm', () => {
    for (const value of [null, 7, 'text', [], [null, 7, 'x', []], {}, [{}], [{programs: 7, name: 9, verb: 3, camera: []}]]) {
        for (const name of Object.keys(IDLE)) {
            const tile = shown({[name]: value, ...name === 'State' ? {} : {State: 'live'}});
            that(typeof tile.subtitle === 'string' && tile.subtitle !== '', `${name} ${JSON.stringify(value)}`);
        }
    }
    const crowd = Array.from({length: 5000}, (_, at) => client(`app${at}`));
    const tile = shown({State: 'live', CameraLive: true, Clients: crowd, Offers: crowd.map(({name}) => offer('block', name))});
    that(tile.clients.length <= 8 && tile.offers.length <= 16, 'bounded');
});

test('a failure is said in one sentence', () => {
    equal(words.failure('io.github.lenscap.Lenscap.Error.Failed', 'No.\nDo <b>this</b>.'), 'No. Do <b>this</b>.');
    equal(words.failure('org.freedesktop.DBus.Error.ServiceUnknown', 'x'), 'Lenscap is not running: start it.');
    equal(words.failure('org.freedesktop.DBus.Error.NoReply', 'x'), 'Lenscap does not answer: end it and start it again.');
    equal(words.startFailure('exited with status 1'),
        "A program of Lenscap's cannot be started (exited with status 1): reinstall Lenscap.");
});

end();
