// What the forms share that take a token's PIN-code: the device is found and
// watched, what is wrong stands beside its field, one press is one try. The
// PIN-code goes to the token only; what is sent is a challenge and its signature.
import {alone, nameOf} from './device.js';
import {TokenError, findProvider, lost} from './provider.js';
import {phrase, words} from './words.js';
import {watchDevices} from './watch.js';

/** Refusal is what the server said, in the page's language. */
export class Refusal extends Error {}

/** ask sends something to the server and returns its JSON. */
export async function ask(path, init) {
  let answer;
  try {
    answer = await fetch(path, {method: 'POST', ...init});
  } catch {
    throw new Refusal(phrase('NETWORK'));
  }
  let json = {};
  try {
    json = await answer.json();
  } catch { /* an answer of no use */ }
  if (!answer.ok) throw new Refusal(json.message ?? phrase('NETWORK'));
  return json;
}

/**
 * Entry is the part of a page where a device is chosen and its PIN-code typed.
 * Whoever extends it says what happens when devices come and go (show), one is
 * chosen (choose), and the PIN-code is there (attempt).
 */
export class Entry {
  provider = null;
  devices = [];
  serial = ''; // the device that is chosen
  busy = false;
  #root;
  #stop = () => {};
  #finding = false;

  constructor(root) {
    this.#root = root;
    this.one('devices').addEventListener('change', (event) => this.choose(event.target.value, true));
    this.one('go').addEventListener('click', () => this.#go());
    this.one('pin').addEventListener('keydown', (event) => { if (event.key === 'Enter') this.#go(); });
    this.one('search').addEventListener('click', () => this.#find());
    // Somebody comes back who has started the agent, or allowed it.
    window.addEventListener('focus', () => { if (!this.provider) this.#find(); });
    window.addEventListener('pagehide', () => { this.one('pin').value = ''; });
    this.#find();
  }

  one(name) { return this.#root.querySelector(`[data-token-${name}]`); }

  /** say puts a sentence under a field, or takes it away. */
  say(name, text = '') {
    const at = this.one(`${name}-error`);
    at.querySelector('span').textContent = text;
    at.hidden = text === '';
    const field = this.one({device: 'devices', pin: 'pin'}[name]);
    if (text) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
  }

  status(text = '') { this.one('status').textContent = text; }

  async #find() {
    if (this.#finding) return;
    this.#finding = true;
    this.#stop();
    this.status(phrase('SEARCHING'));
    const found = await findProvider({agent: this.#root.dataset.agent, asking: () => this.status(phrase('ASKING'))});
    this.#finding = false;
    this.status();
    this.provider = found.provider;
    this.found(found);
    if (!found.provider) {
      this.say('device', phrase(found.trouble));
      this.offer(false);
      return;
    }
    this.#stop = watchDevices(found.provider, (devices) => this.#watched(devices), (error) => this.say('device', words(error)), () => !this.busy);
  }

  #watched(devices) {
    this.devices = devices;
    const list = this.one('devices');
    list.replaceChildren(list.options[0], ...devices.map((d) => new Option(nameOf(d), d.serial)));
    this.offer(devices.length > 0);
    this.show(devices);
  }

  /** found helps with what is missing (LG-06). */
  found({provider, trouble}) {
    this.#root.dataset.found = provider?.kind ?? 'none';
    for (const at of document.querySelectorAll('[data-token-trouble]')) at.hidden = !at.dataset.tokenTrouble.split(' ').includes(trouble);
  }

  /** offer shows what follows the device where there is one, and where there is none a way to look again. */
  offer(there) {
    this.one('entry').hidden = !there;
    this.one('search').hidden = there;
  }

  get device() { return this.devices.find((d) => d.serial === this.serial); }

  /** warn says what is to be known about the token's PIN-code before it is typed. */
  warn() {
    const state = this.device?.pin.state;
    if (state === 'locked') this.say('pin', phrase('PIN_LOCKED'));
    else if (state === 'final') this.say('pin', phrase('PIN_LAST'));
  }

  /** chosen is what besides the device has to be chosen first: null as long as it is not; unchosen says so. */
  get chosen() { return true; }

  unchosen() {}

  async #go() {
    if (this.busy) { // the second press
      this.status(phrase('WORKING'));
      return;
    }
    const field = this.one('pin');
    const pin = field.value;
    this.say('pin');
    if (this.chosen !== null) this.say('device'); // what was said of the last try
    if (!this.provider || this.serial === '') {
      this.say('device', phrase(this.devices.length > 0 ? 'CHOOSE_DEVICE' : 'NO_DEVICE'));
      this.one('devices').focus();
      return;
    }
    if (this.chosen === null) {
      this.unchosen();
      return;
    }
    if (pin === '') {
      this.say('pin', phrase('PIN_EMPTY'));
      field.focus();
      return;
    }
    field.value = '';
    this.work(true);
    const [serial, chosen, known] = [this.serial, this.chosen, this.devices.map((d) => d.serial)];
    try {
      this.#send(await alone(serial, async () => {
        await this.#present(serial, known);
        return this.attempt(serial, pin, chosen);
      }));
    } catch (error) {
      this.work(false);
      this.fail(error);
    }
  }

  work(on) {
    this.busy = on;
    for (const name of ['devices', 'pin']) this.one(name).disabled = on;
    this.one('go').setAttribute('aria-disabled', String(on));
    this.#root.setAttribute('aria-busy', String(on));
    this.status(on ? phrase('WORKING') : '');
  }

  /** present looks again: a token may have been swapped since the last step. */
  async #present(serial, known) {
    const devices = await this.provider.devices();
    if (!devices.some((d) => d.serial === serial)) {
      throw new TokenError(devices.some((d) => !known.includes(d.serial)) ? 'SWAPPED' : 'DEVICE_NOT_FOUND', {serial});
    }
  }

  /** unlocked does something while the token is logged in to. */
  async unlocked(serial, pin, something) {
    const provider = this.provider;
    await provider.login(serial, pin);
    try {
      return await something(provider);
    } finally {
      await provider.logout(serial);
    }
  }

  get form() { return document.querySelector('[data-token-form]'); }

  #send({challenge, cms}) {
    const form = this.form;
    form.elements.challenge.value = challenge;
    form.elements.cms.value = cms;
    form.requestSubmit();
  }

  fail(error) {
    if (error instanceof Refusal) {
      this.say('pin', error.message);
      return;
    }
    const about = lost(error) || ['SWAPPED', 'CERTIFICATE_NOT_FOUND', 'NOT_THIS_TOKEN', 'TAB'].includes(error.code);
    this.say(about ? 'device' : 'pin', words(error));
    if (!about) this.one('pin').focus();
  }
}
