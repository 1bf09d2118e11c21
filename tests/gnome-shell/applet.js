// The bus's side and the tile's model, with the real applet, which runs idle on the session's bus. Ends it. Run by the desktop tier.

import {view} from '../../data/gnome-shell/lenscap@lenscap.github.io/model.js';
import {Service} from '../../data/gnome-shell/lenscap@lenscap.github.io/service.js';
import {makeWords} from '../../data/gnome-shell/lenscap@lenscap.github.io/words.js';
import {end, english, equal, eventually, test, that} from './check.js';

const words = makeWords(...english);

test('clicks on the tile switch the camera of the real applet', () => {
    const failures = [];
    const service = new Service(() => {}, (...failure) => failures.push(failure));
    const tile = () => view(service.known, words, String);
    const click = () => {
        eventually('it is answered', () => !service.known.isBusy);
        service.ask(tile().action);
    };
    eventually('it is live', () => tile().heading === 'Camera is on: Zoom');
    that(tile().isChecked && tile().isLit, 'live');
    click();
    eventually('it is paused', () => tile().heading.startsWith('Camera is paused') && !tile().isLit);
    equal([tile().isChecked, service.known.properties.PausedUntil], [false, -1]);
    click();
    eventually('it is live again', () => tile().subtitle === 'Is on: Zoom');
    const off = tile().offers.find(({label}) => label === 'Turn Off for Zoom');
    eventually('it is answered', () => !service.known.isBusy);
    service.ask(off.action);
    eventually('it is off for it', () => tile().heading === 'Camera is off for Zoom');
    eventually('it is answered', () => !service.known.isBusy);
    service.ask(tile().offers.find(({label}) => label === 'Allow Zoom Again').action);
    eventually('it is live again', () => tile().subtitle === 'Is on: Zoom');
    eventually('it is answered', () => !service.known.isBusy);
    service.ask({method: 'Quit'});
    eventually('it is gone', () => tile().subtitle === 'Not running');
    that(!tile().isChecked && !tile().isLit, 'gone');
    equal(failures, []);
    service.destroy();
});

end();
