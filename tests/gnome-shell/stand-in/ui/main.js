// A stand-in for the Shell: what was added to the panel, and what was notified.

export const notified = [];

export function notify(title, body) {
    notified.push([title, body]);
}

export const panel = {
    statusArea: {
        quickSettings: {
            indicators: [],
            addExternalIndicator(indicator) {
                this.indicators.push(indicator);
            },
        },
    },
};
