// What the tests of GNOME's extension stand on: names of tests, comparing, and waiting with a deadline.

import GLib from 'gi://GLib';
import System from 'system';

const PATIENCE = 30;
let failures = 0;
let passed = 0;

/** Turns the main loop until the condition holds. */
export function eventually(what, condition) {
    const end = GLib.get_monotonic_time() + PATIENCE * 1e6;
    const context = GLib.MainContext.default();
    while (!condition()) {
        if (GLib.get_monotonic_time() > end)
            throw new Error(`not within ${PATIENCE} s: ${what}`);
        const wake = GLib.timeout_add(GLib.PRIORITY_DEFAULT, 20, () => GLib.SOURCE_REMOVE);
        context.iteration(true);
        // It may have rung.
        if (context.find_source_by_id(wake))
            GLib.source_remove(wake);
    }
}

/** Turns the main loop until a promise is kept; its value. */
export function awaited(promise) {
    let outcome = null;
    promise.then(value => (outcome = {value}), error => (outcome = {error}));
    eventually('the promise', () => outcome);
    if (outcome.error)
        throw outcome.error;
    return outcome.value;
}

export function equal(actual, expected, what = '') {
    const [a, b] = [actual, expected].map(value => JSON.stringify(value));
    if (a !== b)
        throw new Error(`${what} is ${a}, not ${b}`);
}

export function that(condition, what) {
    if (!condition)
        throw new Error(what);
}

export function test(name, run) {
    try {
        run();
        passed++;
        print(`ok ${name}`);
    } catch (error) {
        failures++;
        print(`FAILED ${name}: ${error.message}\n${error.stack}`);
    }
}

/** Says how many there were, and ends. */
export function end() {
    print(`${passed} passed, ${failures} failed`);
    System.exit(failures ? 1 : 0);
}

/** English words, as the catalogues would give them. */
export const english = [text => text, (one, many, n) => n === 1 ? one : many];
