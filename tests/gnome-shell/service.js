// The bus's side, against a stand-in for Lenscap. Run on a bus of its own. Argument: the interface's description.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {Service} from '../../data/gnome-shell/lenscap@lenscap.github.io/service.js';
import {end, equal, eventually, test, that} from './check.js';
import {LenscapStandIn} from './lenscap_stand_in.js';

const XML = new TextDecoder().decode(GLib.file_get_contents(System.programArgs[0])[1]);

/** A service, and what it told. */
function opened() {
    const told = {changes: 0, failures: []};
    const service = new Service(() => told.changes++, (...failure) => told.failures.push(failure));
    return [service, told];
}

test('it comes, changes, goes and comes back', () => {
    const [service] = opened();
    equal(service.known.presence, 'unknown', 'at first');
    eventually('it is absent', () => service.known.presence === 'absent');
    equal(service.known.canStart, false);
    let lenscap = new LenscapStandIn(XML);
    eventually('it is seen', () => service.known.properties.State === 'idle');
    lenscap.tell({State: 'live', CameraLive: true, Clients: [{name: new GLib.Variant('s', 'Zoom')}]});
    eventually('it is live', () => service.known.properties.State === 'live');
    equal(service.known.properties.Clients, [{name: 'Zoom'}]);
    lenscap.leave();
    eventually('it is gone', () => service.known.presence === 'absent');
    equal(service.known.properties, {}, 'nothing of before');
    lenscap = new LenscapStandIn(XML);
    eventually('it is back', () => service.known.properties.State === 'idle');
    service.destroy();
    lenscap.leave();
});

test('what is asked has its arguments, one at a time, and the state is what is told', () => {
    const lenscap = new LenscapStandIn(XML);
    const [service, told] = opened();
    eventually('it is seen', () => service.known.presence === 'running');
    lenscap.answers = 'silent';
    service.ask({method: 'Pause', seconds: 0});
    service.ask({method: 'Resume'});
    eventually('it is asked', () => lenscap.unanswered.length === 1);
    equal([service.known.isBusy, service.known.properties.State], [true, 'idle'], 'not what was clicked');
    lenscap.tell({State: 'paused'});
    eventually('it is paused', () => service.known.properties.State === 'paused');
    lenscap.answerAll();
    eventually('it is answered', () => !service.known.isBusy);
    service.ask({method: 'AllowOnce', programs: ['a', 'b']});
    eventually('it is answered', () => !service.known.isBusy);
    equal(lenscap.calls, [['Pause', [0]], ['AllowOnce', [['a', 'b']]]]);
    equal(told.failures, []);
    service.destroy();
    lenscap.leave();
});

test('a refusal is told with its sentence, and one who goes meanwhile as gone', () => {
    const lenscap = new LenscapStandIn(XML);
    const [service, told] = opened();
    eventually('it is seen', () => service.known.presence === 'running');
    lenscap.answers = 'refused';
    service.ask({method: 'Block', programs: []});
    eventually('it is refused', () => told.failures.length === 1);
    equal(told.failures[0],
        ['Block', 'io.github.lenscap.Lenscap.Error.Failed', 'The settings cannot be saved: <b>make room</b>.']);
    lenscap.answers = 'silent';
    service.ask({method: 'Resume'});
    eventually('it is asked', () => lenscap.unanswered.length === 1);
    lenscap.leave();
    eventually('it is told', () => told.failures.length === 2);
    equal(told.failures[1].slice(0, 2), ['Resume', 'org.freedesktop.DBus.Error.NoReply']);
    eventually('it is gone', () => service.known.presence === 'absent');
    service.ask({method: 'Resume'});
    eventually('it is told', () => told.failures.length === 3);
    that(!service.known.isBusy, 'it can be asked again');
    service.destroy();
});

test('it is started where it can be, and a start that fails is told', () => {
    const [service, told] = opened();
    eventually('it is absent', () => service.known.presence === 'absent');
    equal(service.known.canStart, false);
    service.ask({method: 'start'});
    eventually('it is told', () => told.failures.length === 1);
    equal(told.failures[0].slice(0, 2), ['start', 'org.freedesktop.DBus.Error.ServiceUnknown']);
    // Installed meanwhile.
    const directory = GLib.build_filenamev([GLib.get_user_data_dir(), 'dbus-1', 'services']);
    GLib.mkdir_with_parents(directory, 0o700);
    const name = 'io.github.lenscap.Lenscap';
    const started = Gio.File.new_for_path(`${directory}/started`);
    GLib.file_set_contents(`${directory}/${name}.service`,
        `[D-BUS Service]\nName=${name}\nExec=/bin/sh -c "touch ${started.get_path()}; exit 1"\n`);
    const bus = 'org.freedesktop.DBus';
    Gio.DBus.session.call_sync(bus, '/org/freedesktop/DBus', bus, 'ReloadConfig', null, null, 0, 5000, null);
    eventually('it can be started', () => service.known.canStart);
    const [another, toldAnother] = opened();
    eventually('it is absent', () => another.known.presence === 'absent');
    another.ask({method: 'Resume'});
    eventually('it is told', () => toldAnother.failures.length === 1);
    that(!started.query_exists(null), 'neither a look nor another call starts it');
    another.destroy();
    service.ask({method: 'start'});
    eventually('it is told', () => told.failures.length === 2);
    equal(told.failures[1].slice(0, 2), ['start', 'org.freedesktop.DBus.Error.Spawn.ChildExited']);
    that(started.query_exists(null), 'it was started');
    service.destroy();
});

test('after its end nothing is told any more, whenever that is', () => {
    const lenscap = new LenscapStandIn(XML);
    const ended = [opened(), opened(), opened()];
    ended[0][0].destroy();
    for (const [service] of ended.slice(1))
        eventually('it is seen', () => service.known.presence === 'running');
    ended[1][0].destroy();
    lenscap.answers = 'silent';
    ended[2][0].ask({method: 'Resume'});
    eventually('it is asked', () => lenscap.unanswered.length === 1);
    ended[2][0].destroy();
    const before = ended.map(([, told]) => told.changes);
    // Whoever still listens hears of this first.
    const [witness] = opened();
    eventually('it is seen', () => witness.known.presence === 'running');
    lenscap.tell({State: 'live'});
    lenscap.answerAll();
    eventually('it is told', () => witness.known.properties.State === 'live');
    equal(ended.map(([, told]) => told.changes), before);
    ended[1][0].destroy();
    witness.destroy();
    lenscap.leave();
});

Gio.DBus.session.flush_sync(null);
end();
