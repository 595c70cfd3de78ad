// Which devices are plugged in, over and over: neither way to reach a token
// tells by itself.
const every = 500; // ms

/**
 * watchDevices tells the devices whenever they have changed, while the page is
 * visible, nothing else is asked of the token and free says so.
 * @returns {() => void} ends it
 */
export function watchDevices(provider, changed, failed = () => {}, free = () => true) {
  let ended = false;
  let last = null;
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(look, every);
  };
  async function look() {
    if (ended) return;
    if (document.hidden || provider.busy || !free()) {
      later();
      return;
    }
    try {
      const devices = await provider.devices();
      const now = JSON.stringify(devices);
      if (!ended && now !== last) {
        last = now;
        changed(devices);
      }
    } catch (error) {
      last = null;
      if (!ended) failed(error);
    }
    later();
  }
  const shown = () => { if (!document.hidden) look(); };
  document.addEventListener('visibilitychange', shown);
  look();
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', shown);
  };
}
