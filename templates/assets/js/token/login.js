// The login with a token: device, certificate, PIN-code, signature. The
// PIN-code stands outside any form and goes to the token only; what is sent to
// the server is the challenge and its signature.
import {Entry, Refusal, ask} from './entry.js';
import {TokenError} from './provider.js';
import {phrase, words} from './words.js';

const post = (path, body) => ask(path, {
  body: JSON.stringify(body), headers: {'Content-Type': 'application/json', 'X-CSRF-Token': document.body.dataset.csrf ?? ''},
});

class Login extends Entry {
  #wanted = ''; // the device that was chosen before it was pulled out
  #certificates = [];
  #certificate = null; // the one to log in with
  #reading = 0;

  constructor(root) {
    super(root);
    this.one('certificates').addEventListener('change', (event) => this.#pick(Number(event.target.value)));
  }

  /** found tells what is there and what is not, and helps (LG-06). */
  found(found) {
    super.found(found);
    const {extension, plugin, agent} = found.checks;
    for (const [name, state] of Object.entries({extension, plugin, agent})) {
      for (const at of document.querySelectorAll(`[data-token-check="${name}"] > [data-state]`)) at.hidden = at.dataset.state !== state;
    }
  }

  offer(there) {
    super.offer(there);
    const panel = document.querySelector('[data-token-checks]');
    if (panel) panel.hidden = there;
  }

  /** step marks where the login is: at the device, the certificate or the PIN-code. */
  #step(name) {
    const steps = [...document.querySelectorAll('[data-step]')];
    const now = steps.findIndex((at) => at.dataset.step === `login.step.${name}`);
    if (now < 0) return;
    steps.forEach((at, i) => {
      at.classList.toggle('is-done', i < now);
      if (i === now) at.setAttribute('aria-current', 'step');
      else at.removeAttribute('aria-current');
    });
  }

  show(devices) {
    this.one('count').textContent = devices.length < 2 ? '' : phrase('COUNT', {n: devices.length});
    const here = (serial) => devices.some((d) => d.serial === serial);
    if (here(this.serial)) {
      this.one('devices').value = this.serial;
      this.warn();
      return;
    }
    if (this.serial !== '') {
      this.#wanted = this.serial;
      this.#forget();
      if (!this.busy) this.say('device', phrase('DEVICE_NOT_FOUND'));
    } else if (devices.length === 0) {
      this.say('device', phrase('NO_DEVICE'));
    }
    if (here(this.#wanted)) this.choose(this.#wanted);
    else if (devices.length === 1 && this.#wanted === '') this.choose(devices[0].serial);
    else if (devices.length > 0 && this.#wanted === '') this.say('device');
  }

  #forget() {
    this.serial = '';
    this.#reading++;
    this.#certificates = [];
    this.#certificate = null;
    this.one('devices').value = '';
    this.#list();
    this.warn();
  }

  async choose(serial, byHand = false) {
    this.#forget();
    if (byHand) this.#wanted = '';
    if (serial === '') return;
    this.serial = serial;
    this.one('devices').value = serial;
    this.say('device');
    if (byHand) this.say('pin');
    this.warn();
    const reading = ++this.#reading;
    this.status(phrase('READING'));
    try {
      const certificates = (await this.provider.certificates(serial)).filter((c) => c.hasKey);
      if (certificates.length === 0) throw new TokenError('NO_CERTIFICATE', {serial});
      const said = await post('/login/token/certificates', {certificates: certificates.map((c) => c.der)});
      if (reading !== this.#reading) return;
      this.#certificates = said.certificates.map((c) => ({...c, id: certificates[c.index].id}));
      if (said.choose >= 0) this.#certificate = this.#certificates.find((c) => c.index === said.choose);
      this.#list(said.choose);
    } catch (error) {
      if (reading === this.#reading) this.say('device', error instanceof Refusal ? error.message : words(error));
    } finally {
      if (reading === this.#reading) this.status();
    }
  }

  #pick(index) {
    this.#certificate = this.#certificates.find((c) => c.index === index && c.usable) ?? null;
    this.say('device');
    this.#step('pin');
  }

  /** list shows the certificates where there is something to choose, or why none will do. */
  #list(choose = 0) {
    const field = this.one('certificates');
    const only = this.#certificate ?? (this.#certificates.length === 1 ? this.#certificates[0] : null);
    const holder = this.one('holder');
    field.querySelectorAll('label').forEach((at) => at.remove());
    field.hidden = choose >= 0 || this.#certificates.length < 2;
    if (!field.hidden) field.append(...this.#certificates.map(choiceOf));
    holder.hidden = !only || !field.hidden;
    holder.children[0].textContent = only?.holder ?? '';
    holder.children[1].textContent = only ? aboutOf(only) : '';
    const usable = this.#certificates.filter((c) => c.usable);
    this.one('signing').hidden = usable.length === 0;
    if (!field.hidden && usable.length === 1) { // the others are over
      field.querySelector('input:enabled').checked = true;
      this.#certificate = usable[0];
    }
    this.#step(this.#certificate ? 'pin' : field.hidden ? 'device' : 'certificate');
    const over = this.#certificates.some((c) => c.state === 'expired') && choose === -2;
    this.one('renew').hidden = !over;
    if (choose === -2) this.say('device', only ? only.why : phrase('NO_CERTIFICATE'));
  }

  warn() {
    this.one('factory').hidden = !this.device?.pin.factory;
    super.warn();
  }

  get chosen() { return this.#certificate?.id ?? null; }

  unchosen() {
    if (this.one('device-error').hidden) this.say('device', phrase('CHOOSE_CERTIFICATE'));
    this.one('certificates').querySelector('input:enabled')?.focus();
  }

  work(on) {
    super.work(on);
    this.one('certificates').disabled = on;
  }

  /** attempt signs a challenge, if the certificate is still there. */
  async attempt(serial, pin, id) {
    if (!(await this.provider.certificates(serial)).some((c) => c.id === id)) throw new TokenError('CERTIFICATE_NOT_FOUND', {serial});
    const {challenge} = await post('/login/token/challenge', {});
    return this.unlocked(serial, pin, async (provider) => ({challenge, cms: await provider.signLogin(serial, id, challenge)}));
  }

  fail(error) {
    super.fail(error);
    if (error.code === 'CERTIFICATE_NOT_FOUND') this.#again();
  }

  /** again reads what is on the token now; what was said stays. */
  #again() {
    const said = this.one('device-error').textContent;
    const serial = this.serial;
    this.choose(serial).then(() => { if (this.one('device-error').hidden) this.say('device', said.trim()); });
  }
}

function aboutOf(certificate) {
  return [certificate.organisation, certificate.until && `${certificate.from} – ${certificate.until}`].filter(Boolean).join(' · ');
}

function choiceOf(certificate) {
  const label = document.createElement('label');
  const radio = document.createElement('input');
  radio.className = 'form-check-input';
  radio.type = 'radio';
  radio.name = 'certificate';
  radio.value = String(certificate.index);
  radio.disabled = !certificate.usable;
  const holder = document.createElement('span');
  holder.className = 'tg-strong';
  holder.textContent = certificate.holder;
  const about = document.createElement('span');
  about.className = 'tg-2 tg-small';
  about.textContent = aboutOf(certificate);
  const state = document.createElement('span');
  state.className = `tg-state is-${certificate.usable ? 'good' : 'stop'}`;
  state.textContent = certificate.word;
  about.append(document.createElement('br'), state);
  label.append(radio, holder, about);
  return label;
}

const root = document.querySelector('[data-token-login]');
if (root) new Login(root);
