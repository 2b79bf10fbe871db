// What the desk has beside its loop. Each is made with the desk and the page's data; it listens to the desk's events
// (see `desk.js`) and may give actions, which then have keys, buttons, help and a place in the palette like all others.

export function makeFeatures(desk, page) {
  return [];
}

export const actionsOf = (features) => features.flatMap((feature) => feature.actions?.() ?? []);
