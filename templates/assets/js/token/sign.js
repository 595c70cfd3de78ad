// A decision signed with the token that its maker logged in with: what is signed
// stands on the page and comes from the server, the PIN-code goes to the token
// only, the signature is sent with the form.
import {alone, nameOf} from './device.js';
import {sha256} from './encoding.js';
import {TokenError, findProvider, lost} from './provider.js';
import {phrase, words} from './words.js';
import {watchDevices} from './watch.js';

/** Refusal is what the server said, in the page's language. */
class Refusal extends Error {}

class Signing {
  #root;
  #form = document.querySelector('[data-token-form]');
  #provider = null;
  #stop = () => {};
  #devices = [];
  #serial = ''; // the device that is chosen
  #busy = false;
  #finding = false;

  constructor(root) {
    this.#root = root;
    this.#one('devices').addEventListener('change', (event) => this.#choose(event.target.value));
    this.#one('go').addEventListener('click', () => this.#go());
    this.#one('pin').addEventListener('keydown', (event) => { if (event.key === 'Enter') this.#go(); });
    this.#one('search').addEventListener('click', () => this.#find());
    window.addEventListener('focus', () => { if (!this.#provider) this.#find(); });
    window.addEventListener('pagehide', () => { this.#one('pin').value = ''; });
    this.#find();
  }

  #one(name) { return this.#root.querySelector(`[data-token-${name}]`); }

  /** say puts a sentence under a field, or takes it away. */
  #say(name, text = '') {
    const at = this.#one(`${name}-error`);
    at.querySelector('span').textContent = text;
    at.hidden = text === '';
    const field = this.#one({device: 'devices', pin: 'pin'}[name]);
    if (text) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
  }

  #status(text = '') { this.#one('status').textContent = text; }

  async #find() {
    if (this.#finding) return;
    this.#finding = true;
    this.#stop();
    this.#status(phrase('SEARCHING'));
    const found = await findProvider({agent: this.#root.dataset.agent, asking: () => this.#status(phrase('ASKING'))});
    this.#finding = false;
    this.#status();
    this.#provider = found.provider;
    for (const at of document.querySelectorAll('[data-token-trouble]')) at.hidden = !at.dataset.tokenTrouble.split(' ').includes(found.trouble);
    if (!found.provider) {
      this.#say('device', phrase(found.trouble));
      this.#offer(false);
      return;
    }
    this.#stop = watchDevices(found.provider, (devices) => this.#show(devices), (error) => this.#say('device', words(error)), () => !this.#busy);
  }

  #offer(there) {
    this.#one('entry').hidden = !there;
    this.#one('search').hidden = there;
  }

  #show(devices) {
    const was = this.#serial;
    this.#devices = devices;
    const list = this.#one('devices');
    list.replaceChildren(list.options[0], ...devices.map((d) => new Option(nameOf(d), d.serial)));
    this.#offer(devices.length > 0);
    if (devices.some((d) => d.serial === was)) {
      list.value = was;
      this.#warn();
      return;
    }
    this.#choose(devices.length === 1 ? devices[0].serial : '');
    if (this.#serial === '' && (was !== '' || devices.length === 0)) this.#say('device', phrase(was === '' ? 'NO_DEVICE' : 'DEVICE_NOT_FOUND'));
  }

  #choose(serial) {
    this.#serial = serial;
    this.#one('devices').value = serial;
    this.#say('device');
    this.#say('pin');
    this.#warn();
  }

  /** warn says what is to be known about the token's PIN-code before it is typed. */
  #warn() {
    const device = this.#devices.find((d) => d.serial === this.#serial);
    if (device?.pin.state === 'locked') this.#say('pin', phrase('PIN_LOCKED'));
    else if (device?.pin.state === 'final') this.#say('pin', phrase('PIN_LAST'));
  }

  async #go() {
    if (this.#busy) { // the second press
      this.#status(phrase('WORKING'));
      return;
    }
    const field = this.#one('pin');
    const pin = field.value;
    this.#say('pin');
    this.#say('device');
    if (!this.#provider || this.#serial === '') {
      this.#say('device', phrase(this.#devices.length > 0 ? 'CHOOSE_DEVICE' : 'NO_DEVICE'));
      this.#one('devices').focus();
      return;
    }
    if (pin === '') {
      this.#say('pin', phrase('PIN_EMPTY'));
      field.focus();
      return;
    }
    field.value = '';
    this.#work(true);
    const [serial, known] = [this.#serial, this.#devices.map((d) => d.serial)];
    try {
      this.#send(await alone(serial, () => this.#attempt(serial, pin, known)));
    } catch (error) {
      this.#work(false);
      this.#fail(error);
    }
  }

  #work(on) {
    this.#busy = on;
    for (const name of ['devices', 'pin']) this.#one(name).disabled = on;
    this.#one('go').setAttribute('aria-disabled', String(on));
    this.#root.setAttribute('aria-busy', String(on));
    this.#status(on ? phrase('WORKING') : '');
  }

  /** attempt has the token sign what the server asks for. Each step looks again: a token may have been swapped since the last. */
  async #attempt(serial, pin, known) {
    const provider = this.#provider;
    const devices = await provider.devices();
    if (!devices.some((d) => d.serial === serial)) {
      throw new TokenError(devices.some((d) => !known.includes(d.serial)) ? 'SWAPPED' : 'DEVICE_NOT_FOUND', {serial});
    }
    const question = await this.#ask();
    const mine = await this.#certificate(serial, question.certificate);
    await provider.login(serial, pin);
    try {
      return {challenge: question.challenge, cms: await provider.sign(serial, mine, question.envelope)};
    } finally {
      await provider.logout(serial);
    }
  }

  /** certificate finds the one that the session began with, before the PIN-code is tried. */
  async #certificate(serial, fingerprint) {
    for (const c of await this.#provider.certificates(serial)) {
      if (c.hasKey && await sha256(c.der) === fingerprint) return c.id;
    }
    throw new TokenError('NOT_THIS_TOKEN', {serial});
  }

  /** ask sends the form to ask what is to be signed. */
  async #ask() {
    const body = new URLSearchParams(new FormData(this.#form));
    body.set('ask', 'token');
    let answer;
    try {
      answer = await fetch(this.#form.getAttribute('action'), {method: 'POST', body, headers: {Accept: 'application/json'}});
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

  #send({challenge, cms}) {
    this.#form.elements.challenge.value = challenge;
    this.#form.elements.cms.value = cms;
    this.#form.requestSubmit();
  }

  #fail(error) {
    if (error instanceof Refusal) {
      this.#say('pin', error.message);
      return;
    }
    const about = lost(error) || ['SWAPPED', 'NOT_THIS_TOKEN', 'TAB'].includes(error.code);
    this.#say(about ? 'device' : 'pin', words(error));
    if (!about) this.#one('pin').focus();
  }
}

const root = document.querySelector('[data-token-sign]');
if (root) new Signing(root);
