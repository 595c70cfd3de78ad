// The login with a token: device, certificate, PIN-code, signature. The
// PIN-code stands outside any form and goes to the token only; what is sent to
// the server is the challenge and its signature.
import {alone, nameOf} from './device.js';
import {TokenError, findProvider, lost} from './provider.js';
import {phrase, words} from './words.js';
import {watchDevices} from './watch.js';

/** Refusal is what the server said, in the page's language. */
class Refusal extends Error {}

async function post(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: 'POST', body: JSON.stringify(body),
      headers: {'Content-Type': 'application/json', 'X-CSRF-Token': document.body.dataset.csrf ?? ''},
    });
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

class Login {
  #root;
  #provider = null;
  #stop = () => {};
  #devices = [];
  #serial = ''; // the device that is chosen
  #wanted = ''; // the one that was chosen before it was pulled out
  #certificates = [];
  #certificate = null; // the one to log in with
  #reading = 0;
  #busy = false;
  #finding = false;

  constructor(root) {
    this.#root = root;
    this.#one('devices').addEventListener('change', (event) => this.#choose(event.target.value, true));
    this.#one('certificates').addEventListener('change', (event) => this.#pick(Number(event.target.value)));
    this.#one('go').addEventListener('click', () => this.#go());
    this.#one('pin').addEventListener('keydown', (event) => { if (event.key === 'Enter') this.#go(); });
    this.#one('search').addEventListener('click', () => this.#find());
    // Somebody comes back who has started the agent, or allowed it.
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
    this.#root.dataset.found = found.provider?.kind ?? 'none';
    this.#check(found);
    if (!found.provider) {
      this.#say('device', phrase(found.trouble));
      this.#offer(false);
      return;
    }
    this.#stop = watchDevices(found.provider, (devices) => this.#show(devices), (error) => this.#say('device', words(error)), () => !this.#busy);
  }

  /** check tells what is there and what is not, and helps (LG-06). */
  #check({trouble, checks}) {
    for (const [name, state] of Object.entries({extension: checks.extension, plugin: checks.plugin, agent: checks.agent})) {
      for (const at of document.querySelectorAll(`[data-token-check="${name}"] > [data-state]`)) at.hidden = at.dataset.state !== state;
    }
    for (const at of document.querySelectorAll('[data-token-trouble]')) at.hidden = !at.dataset.tokenTrouble.split(' ').includes(trouble);
  }

  /** offer shows what follows the device where there is one, and where there is none a way to look again. */
  #offer(there) {
    this.#one('entry').hidden = !there;
    this.#one('search').hidden = there;
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

  #show(devices) {
    this.#devices = devices;
    const list = this.#one('devices');
    const options = devices.map((d) => new Option(nameOf(d), d.serial));
    list.replaceChildren(list.options[0], ...options);
    this.#one('count').textContent = devices.length < 2 ? '' : phrase('COUNT', {n: devices.length});
    this.#offer(devices.length > 0);
    const here = (serial) => devices.some((d) => d.serial === serial);
    if (here(this.#serial)) {
      list.value = this.#serial;
      this.#warn();
      return;
    }
    if (this.#serial !== '') {
      this.#wanted = this.#serial;
      this.#forget();
      if (!this.#busy) this.#say('device', phrase('DEVICE_NOT_FOUND'));
    } else if (devices.length === 0) {
      this.#say('device', phrase('NO_DEVICE'));
    }
    if (here(this.#wanted)) this.#choose(this.#wanted);
    else if (devices.length === 1 && this.#wanted === '') this.#choose(devices[0].serial);
    else if (devices.length > 0 && this.#wanted === '') this.#say('device');
  }

  #forget() {
    this.#serial = '';
    this.#reading++;
    this.#certificates = [];
    this.#certificate = null;
    this.#one('devices').value = '';
    this.#list();
    this.#warn();
  }

  async #choose(serial, byHand = false) {
    this.#forget();
    if (byHand) this.#wanted = '';
    if (serial === '') return;
    this.#serial = serial;
    this.#one('devices').value = serial;
    this.#say('device');
    if (byHand) this.#say('pin');
    this.#warn();
    const reading = ++this.#reading;
    this.#status(phrase('READING'));
    try {
      const certificates = (await this.#provider.certificates(serial)).filter((c) => c.hasKey);
      if (certificates.length === 0) throw new TokenError('NO_CERTIFICATE', {serial});
      const said = await post('/login/token/certificates', {certificates: certificates.map((c) => c.der)});
      if (reading !== this.#reading) return;
      this.#certificates = said.certificates.map((c) => ({...c, id: certificates[c.index].id}));
      if (said.choose >= 0) this.#certificate = this.#certificates.find((c) => c.index === said.choose);
      this.#list(said.choose);
    } catch (error) {
      if (reading === this.#reading) this.#say('device', error instanceof Refusal ? error.message : words(error));
    } finally {
      if (reading === this.#reading) this.#status();
    }
  }

  #pick(index) {
    this.#certificate = this.#certificates.find((c) => c.index === index && c.usable) ?? null;
    this.#say('device');
    this.#step('pin');
  }

  /** list shows the certificates where there is something to choose, or why none will do. */
  #list(choose = 0) {
    const field = this.#one('certificates');
    const only = this.#certificate ?? (this.#certificates.length === 1 ? this.#certificates[0] : null);
    const holder = this.#one('holder');
    field.querySelectorAll('label').forEach((at) => at.remove());
    field.hidden = choose >= 0 || this.#certificates.length < 2;
    if (!field.hidden) field.append(...this.#certificates.map(choiceOf));
    holder.hidden = !only || !field.hidden;
    holder.children[0].textContent = only?.holder ?? '';
    holder.children[1].textContent = only ? aboutOf(only) : '';
    const usable = this.#certificates.filter((c) => c.usable);
    this.#one('signing').hidden = usable.length === 0;
    if (!field.hidden && usable.length === 1) { // the others are over
      field.querySelector('input:enabled').checked = true;
      this.#certificate = usable[0];
    }
    this.#step(this.#certificate ? 'pin' : field.hidden ? 'device' : 'certificate');
    const over = this.#certificates.some((c) => c.state === 'expired') && choose === -2;
    this.#one('renew').hidden = !over;
    if (choose === -2) this.#say('device', only ? only.why : phrase('NO_CERTIFICATE'));
  }

  /** warn says what is to be known about the token's PIN-code before it is typed. */
  #warn() {
    const device = this.#devices.find((d) => d.serial === this.#serial);
    this.#one('factory').hidden = !device?.pin.factory;
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
    if (this.#certificate) this.#say('device'); // what was said of the last try
    if (!this.#provider || this.#serial === '') {
      this.#say('device', phrase(this.#devices.length > 0 ? 'CHOOSE_DEVICE' : 'NO_DEVICE'));
      this.#one('devices').focus();
      return;
    }
    if (!this.#certificate) {
      if (this.#one('device-error').hidden) this.#say('device', phrase('CHOOSE_CERTIFICATE'));
      this.#root.querySelector('[data-token-certificates] input:enabled')?.focus();
      return;
    }
    if (pin === '') {
      this.#say('pin', phrase('PIN_EMPTY'));
      field.focus();
      return;
    }
    field.value = '';
    this.#work(true);
    const [serial, id, known] = [this.#serial, this.#certificate.id, this.#devices.map((d) => d.serial)];
    try {
      const answer = await alone(serial, () => this.#attempt(serial, id, pin, known));
      this.#send(answer);
    } catch (error) {
      this.#work(false);
      this.#fail(error);
    }
  }

  #work(on) {
    this.#busy = on;
    for (const name of ['devices', 'pin']) this.#one(name).disabled = on;
    this.#one('certificates').disabled = on;
    this.#one('go').setAttribute('aria-disabled', String(on));
    this.#root.setAttribute('aria-busy', String(on));
    this.#status(on ? phrase('WORKING') : '');
  }

  /** attempt signs a challenge. Each step looks again: a token may have been swapped since the last. */
  async #attempt(serial, id, pin, known) {
    const provider = this.#provider;
    const devices = await provider.devices();
    if (!devices.some((d) => d.serial === serial)) {
      throw new TokenError(devices.some((d) => !known.includes(d.serial)) ? 'SWAPPED' : 'DEVICE_NOT_FOUND', {serial});
    }
    if (!(await provider.certificates(serial)).some((c) => c.id === id)) throw new TokenError('CERTIFICATE_NOT_FOUND', {serial});
    const question = await post('/login/token/challenge', {});
    await provider.login(serial, pin);
    try {
      return {challenge: question.challenge, cms: await provider.signLogin(serial, id, question.challenge)};
    } finally {
      await provider.logout(serial);
    }
  }

  #send({challenge, cms}) {
    const form = document.querySelector('[data-token-form]');
    form.elements.challenge.value = challenge;
    form.elements.cms.value = cms;
    form.requestSubmit();
  }

  #fail(error) {
    if (error instanceof Refusal) {
      this.#say('pin', error.message);
      return;
    }
    const about = lost(error) || ['SWAPPED', 'CERTIFICATE_NOT_FOUND', 'TAB'].includes(error.code);
    this.#say(about ? 'device' : 'pin', words(error));
    if (error.code === 'CERTIFICATE_NOT_FOUND') this.#again();
    if (!about) this.#one('pin').focus();
  }

  /** again reads what is on the token now; what was said stays. */
  #again() {
    const said = this.#one('device-error').textContent;
    const serial = this.#serial;
    this.#choose(serial).then(() => { if (this.#one('device-error').hidden) this.#say('device', said.trim()); });
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
