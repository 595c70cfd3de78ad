// One device as pages show and use it.
import {TokenError} from './error.js';
import {phrase} from './words.js';

/** nameOf is how a list shows a device. */
export function nameOf(device) {
  const model = /^rutoken ecp/i.test(device.model) && device.release ? phrase('NAME', {release: device.release}) : device.model;
  return [device.label, model, `№ ${device.serial}`].filter(Boolean).join(' · ');
}

/** alone keeps other tabs of this browser from the same token meanwhile. */
export async function alone(serial, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`tamga-token-${serial}`, {ifAvailable: true}, (lock) => {
    if (!lock) throw new TokenError('TAB', {serial});
    return work();
  });
}
