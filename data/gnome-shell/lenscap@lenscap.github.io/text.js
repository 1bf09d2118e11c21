// Text from the bus, made fit to be shown. Lenscap cleans what it sends, but any program of the user's can take its name.

/** Longest name, in characters. */
export const NAME = 80;
/** Longest sentence. */
export const SENTENCE = 400;

const SPACES = /[\s\u0000-\u001f\u007f-\u009f]+/gu;
// Letters that are not seen, and what turns the direction of a text around.
const INVISIBLE = /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]/gu;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;

/**
 * One line of at most `limit` characters; empty for what is no text.
 *
 * @param {*} value - what came
 * @param {number} limit - characters
 * @returns {string}
 */
export function clean(value, limit = SENTENCE) {
    if (typeof value !== 'string')
        return '';
    // Cut first: each letter is two units at most, and what is left out may be most of it.
    const line = value.slice(0, 8 * limit).replace(INVISIBLE, '').replace(SPACES, ' ').trim();
    const letters = [...line];
    return letters.length > limit ? `${letters.slice(0, limit - 1).join('')}…` : line;
}

/**
 * Puts values into a text. Each keeps its own direction and turns nothing beside it.
 *
 * @param {string} text - with {name} for each value
 * @param {object} values - by name
 * @returns {string}
 */
export function filled(text, values) {
    const isRightToLeft = hasRightToLeft(text);
    const part = value => {
        const isApart = value !== '' && (isRightToLeft || hasRightToLeft(`${value}`));
        return isApart ? `\u2068${value}\u2069` : `${value}`;
    };
    return text.replace(/\{(\w+)\}/gu, (whole, name) => Object.hasOwn(values, name) ? part(values[name]) : whole);
}

function hasRightToLeft(text) {
    return RIGHT_TO_LEFT.test(text);
}
