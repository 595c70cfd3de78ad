// A decision signed with the token that its maker logged in with: what is signed
// stands on the page and comes from the server, the PIN-code goes to the token
// only, the signature is sent with the form.
import {sha256} from './encoding.js';
import {Entry, ask} from './entry.js';
import {TokenError} from './provider.js';
import {phrase} from './words.js';

class Signing extends Entry {
  show(devices) {
    const was = this.serial;
    if (this.device) {
      this.one('devices').value = was;
      this.warn();
      return;
    }
    this.choose(devices.length === 1 ? devices[0].serial : '');
    if (this.serial === '' && (was !== '' || devices.length === 0)) this.say('device', phrase(was === '' ? 'NO_DEVICE' : 'DEVICE_NOT_FOUND'));
  }

  choose(serial) {
    this.serial = serial;
    this.one('devices').value = serial;
    this.say('device');
    this.say('pin');
    this.warn();
  }

  /** attempt has the token sign what the server asks for. */
  async attempt(serial, pin) {
    const body = new URLSearchParams(new FormData(this.form));
    body.set('ask', 'token');
    const question = await ask(this.form.getAttribute('action'), {body, headers: {Accept: 'application/json'}});
    const mine = await this.#certificate(serial, question.certificate);
    return this.unlocked(serial, pin, async (provider) => (
      {challenge: question.challenge, cms: await provider.sign(serial, mine, question.envelope)}));
  }

  /** certificate finds the one that the session began with, before the PIN-code is tried. */
  async #certificate(serial, fingerprint) {
    for (const c of await this.provider.certificates(serial)) {
      if (c.hasKey && await sha256(c.der) === fingerprint) return c.id;
    }
    throw new TokenError('NOT_THIS_TOKEN', {serial});
  }
}

const root = document.querySelector('[data-token-sign]');
if (root) new Signing(root);
