// The whole extension, in a stand-in for the Shell and with one for Lenscap. Run on a bus of its own.
// Arguments: the interface's description, and the stand-in's compiled resource.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {awaited, end, equal, eventually, test, that} from './check.js';
import {LenscapStandIn} from './lenscap_stand_in.js';

const [description, resource] = System.programArgs;
const XML = new TextDecoder().decode(GLib.file_get_contents(description)[1]);
Gio.resources_register(Gio.Resource.load(resource));

const DIRECTORY = Gio.File.new_for_uri(import.meta.url).get_parent()
    .resolve_relative_path('../../data/gnome-shell/lenscap@lenscap.github.io');
const {default: LenscapExtension} = awaited(import(DIRECTORY.get_child('extension.js').get_uri()));
const Main = awaited(import('resource:///org/gnome/shell/ui/main.js'));
const {indicators} = Main.panel.statusArea.quickSettings;
const METADATA = JSON.parse(new TextDecoder().decode(DIRECTORY.get_child('metadata.json').load_contents(null)[1]));

function enabled() {
    const extension = new LenscapExtension(METADATA, DIRECTORY);
    extension.enable();
    const indicator = indicators.at(-1);
    const [tile] = indicator.quickSettingsItems;
    const [section] = tile.menu.items;
    return {extension, indicator, tile, section, labels: () => section.items.map(item => item.label.text)};
}

const variant = (type, value) => new GLib.Variant(type, value);
const program = (id, name) => ({id: variant('s', id), name: variant('s', name)});
const offer = (verb, ...programs) => ({verb: variant('s', verb), programs: variant('aa{sv}', programs)});
const client = (name, icon, access = 'allowed') => ({
    name: variant('s', name), icon: variant('s', icon), usage: variant('s', 'streaming'), access: variant('s', access),
});

test('the tile follows Lenscap, and a click is carried out', () => {
    const {extension, indicator, tile, section, labels} = enabled();
    eventually('it is known that nobody is there', () => tile.subtitle === '«Not running»');
    that(!tile.reactive && !tile.checked && !tile.menuEnabled && !indicator._icon.visible, 'nothing to click');
    tile.emit('clicked', 1);
    const lenscap = new LenscapStandIn(XML);
    eventually('it is off', () => tile.subtitle === '«Is off»');
    equal([tile.checked, tile.reactive, tile.menuEnabled, tile.toggleMode, tile.title], [true, true, true, false, '«Camera»']);
    lenscap.answers = 'silent';
    tile.emit('clicked', 1);
    tile.emit('clicked', 1);
    eventually('it is asked', () => lenscap.unanswered.length === 1);
    that(tile.checked, 'only Lenscap says that it is paused');
    lenscap.tell({State: 'paused'});
    lenscap.answerAll();
    eventually('it is paused', () => tile.subtitle === '«Paused»');
    that(!tile.checked, 'the switch is off');
    tile.emit('clicked', 1);
    eventually('it is asked', () => lenscap.calls.length === 2);
    equal(lenscap.calls, [['Pause', [0]], ['Resume', []]]);
    lenscap.tell({State: 'live', CameraLive: true, Clients: [client('<b>Zoom</b>', 'us.zoom.Zoom'), client('x', '/x.png')]});
    eventually('it is on', () => tile.subtitle === '«Is on: <b>Zoom</b>«, »x»');
    that(indicator._icon.visible && indicator.styles.has('privacy-indicator'), 'the panel shows it');
    equal(labels().slice(0, 2), ['<b>Zoom</b>', 'x']);
    equal(section.items.slice(0, 2).map(item => item.icon.to_string()).map(text => text.includes('us.zoom.Zoom') || text), [true, '/x.png']);
    equal(tile.menu.header[2], '«{state}: {names}»'.replace('{state}', '«Camera is on»').replace('{names}', '<b>Zoom</b>«, »x'));
    const fills = section.fills;
    lenscap.tell({Reason: 'Something.'});
    lenscap.tell({State: 'cooldown'});
    eventually('it goes off', () => tile.subtitle === '«Goes off»');
    equal(section.fills, fills, 'the menu stays under the pointer');
    lenscap.leave();
    eventually('it is gone', () => tile.subtitle === '«Not running»');
    that(!indicator._icon.visible && !indicator.styles.size, 'nobody knows');
    equal(labels(), []);
    extension.disable();
});

test('who is asked about is answered in the menu, and a failure is notified', () => {
    const lenscap = new LenscapStandIn(XML);
    const {extension, indicator, tile, section, labels} = enabled();
    const foo = program('org.foo.Foo', 'Foo');
    const Offers = ['allow-once', 'allow-always', 'block'].map(verb => offer(verb, foo));
    lenscap.tell({State: 'asking', Offers, Clients: [client('Foo', '', 'asking')]});
    eventually('it asks', () => tile.subtitle === '«Wanted by Foo»');
    that(indicator._icon.visible && !indicator.styles.size, 'seen, and not as a camera that is on');
    equal(labels(), [
        'Foo – «Waiting for permission»', '---', '«Allow Foo Once»', '«Always Allow Foo»', '«Block Foo»', '---', '«Preferences…»',
    ]);
    for (const at of [2, 3, 4, 6]) {
        section.items[at].activate();
        eventually('it is answered', () => lenscap.calls.length && !extension._service.known.isBusy);
    }
    equal(lenscap.calls, [
        ['AllowOnce', [['org.foo.Foo']]], ['Allow', [['org.foo.Foo']]], ['Block', [['org.foo.Foo']]], ['OpenPreferences', []],
    ]);
    lenscap.answers = 'refused';
    tile.emit('clicked', 1);
    eventually('it is said', () => Main.notified.length === 1);
    equal(Main.notified[0], ['«Lenscap cannot do that»', 'The settings cannot be saved: <b>make room</b>.']);
    extension.disable();
    lenscap.leave();
});

test('what is disabled is gone, however often', () => {
    const lenscap = new LenscapStandIn(XML);
    const all = Array.from({length: 20}, () => {
        const one = enabled();
        one.extension.disable();
        return one;
    });
    for (const {indicator, tile} of all)
        that(indicator.isDestroyed && tile.isDestroyed, 'destroyed');
    const {extension, tile} = enabled();
    extension.disable();
    extension.enable();
    eventually('it is back', () => indicators.at(-1).quickSettingsItems[0].subtitle === '«Is off»');
    that(tile.subtitle !== '«Is off»', 'the one of before hears nothing');
    extension.disable();
    extension.disable();
    lenscap.leave();
});

test('the description fits', () => {
    equal(METADATA.uuid, DIRECTORY.get_basename());
    equal(METADATA['shell-version'], ['45', '46', '47', '48', '49']);
    equal(METADATA['gettext-domain'], 'lenscap');
});

end();
