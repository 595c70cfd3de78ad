// A certificate onto a token, at the clerk's desk: the holder's token is in the
// clerk's computer, the holder types the PIN-code. The server says what is next
// and takes each result; whatever is interrupted, the page goes on from where
// the server says things stand. A PIN-code goes to the token only.
import {alone} from './device.js';
import {sha256} from './encoding.js';
import {TokenError, findProvider, lost} from './provider.js';
import {words} from './words.js';
import {watchDevices} from './watch.js';

const poll = 700; // ms, while the certificate is being issued
const order = ['device', 'key', 'issue', 'write', 'back', 'prove', 'receive'];

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Refusal is what the server said, in the page's language. */
class Refusal extends Error {
  constructor(json) {
    super(json.message ?? '');
    this.key = json.error ?? '';
  }
}

function say(code, values = {}) {
  const text = document.querySelector(`[data-desk-words] [data-code="${CSS.escape(code)}"]`)?.textContent ?? '';
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

class Desk {
  #root;
  #state = null;
  #provider = null;
  #stop = () => {};
  #devices = [];
  #serial = '';
  #looked = ''; // the device that the server has judged
  #busy = false;
  #finding = false;
  #changing = false; // the factory PIN-code is to be replaced
  #question = null; // the receipt that was asked for

  constructor(root) {
    this.#root = root;
    this.#one('devices').addEventListener('change', (event) => this.#choose(event.target.value));
    this.#one('go').addEventListener('click', () => this.#go());
    this.#one('search').addEventListener('click', () => this.#find());
    for (const name of ['pin', 'new-pin-again']) {
      this.#one(name).addEventListener('keydown', (event) => { if (event.key === 'Enter') this.#go(); });
    }
    window.addEventListener('focus', () => { if (!this.#provider) this.#find(); });
    window.addEventListener('pagehide', () => this.#forgetPins());
    this.#begin();
  }

  #one(name) { return document.querySelector(`[data-desk-${name}]`); }

  async #begin() {
    try {
      this.#take(await this.#ask('GET', ''));
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#step === 'done' || this.#step === 'stopped') return;
    this.#one('device').hidden = false;
    this.#find();
    if (this.#step === 'issue') this.#await();
  }

  get #step() { return this.#state?.step ?? 'device'; }

  // --- the server

  async #ask(method, path, body) {
    let answer;
    try {
      answer = await fetch(`/enrolments/${this.#root.dataset.enrolment}/token${path}`, {
        method, body: body ? JSON.stringify(body) : undefined,
        headers: {'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRF-Token': document.body.dataset.csrf ?? ''},
      });
    } catch {
      throw new TokenError('NETWORK');
    }
    let json = {};
    try {
      json = await answer.json();
    } catch { /* an answer of no use */ }
    if (!answer.ok) throw json.message ? new Refusal(json) : new TokenError('NETWORK');
    return json;
  }

  #post(path, body) { return this.#ask('POST', path, body); }

  /** take shows where things stand. */
  #take(state) {
    const found = state.onToken.length > 0 || state.remove.markers.length > 0;
    if (this.#state && !found && state.step === this.#state.step) {
      state.onToken = this.#state.onToken;
      state.remove = this.#state.remove;
    }
    this.#state = state;
    this.#root.dataset.step = state.step;
    const now = state.step === 'stopped' ? -1 : state.step === 'done' ? order.length : order.indexOf(state.step);
    order.forEach((name, i) => {
      const done = state.step === 'stopped' ? Boolean(state.at[name]) : i < now;
      this.#mark(name, done ? 'done' : i === now ? 'now' : 'idle', state.says[name], state.at[name]);
    });
    const word = this.#one('state').querySelector('.tg-state');
    word.className = `tg-state is-${state.class}`;
    word.textContent = state.word;
    const why = this.#one('why');
    why.textContent = state.why;
    why.hidden = state.why === '';
    this.#one('done').hidden = state.step !== 'done';
    if (state.step === 'done' || state.step === 'stopped') {
      this.#one('device').hidden = true;
      this.#stop();
    }
    if (state.step === 'done') this.#tell(say('done'));
    this.#button();
  }

  #mark(name, kind, says, at) {
    const li = document.querySelector(`[data-desk-step="${name}"]`);
    li.className = `is-${kind}`;
    li.querySelector('[data-desk-spin]').hidden = true;
    li.querySelector('[data-desk-wrong]').hidden = true;
    if (says) li.querySelector('[data-desk-says]').textContent = says;
    if (at !== undefined) li.querySelector('time').textContent = at;
  }

  /** working shows what is being done. */
  #working(name) {
    order.slice(0, order.indexOf(name)).forEach((before) => this.#mark(before, 'done'));
    this.#mark(name, 'now', say(name));
    document.querySelector(`[data-desk-step="${name}"] [data-desk-spin]`).hidden = false;
    this.#tell(say(name));
  }

  #tell(text) { this.#one('status').textContent = text; }

  #button() {
    const text = this.#changing ? 'change' : this.#step === 'receive' ? 'sign' : this.#step === 'device' ? 'start' : 'go_on';
    this.#one('go').textContent = say(text);
    this.#one('receipt').hidden = this.#step !== 'receive' || !this.#question;
  }

  // --- the devices

  async #find() {
    if (this.#finding || this.#busy) return;
    this.#finding = true;
    this.#stop();
    const found = await findProvider({agent: this.#root.dataset.agent});
    this.#finding = false;
    this.#provider = found.provider;
    this.#root.dataset.found = found.provider?.kind ?? 'none';
    for (const at of document.querySelectorAll('[data-token-trouble]')) at.hidden = !at.dataset.tokenTrouble.split(' ').includes(found.trouble);
    for (const [name, state] of Object.entries({extension: found.checks.extension, plugin: found.checks.plugin, agent: found.checks.agent})) {
      for (const at of document.querySelectorAll(`[data-token-check="${name}"] > [data-state]`)) at.hidden = at.dataset.state !== state;
    }
    const checks = document.querySelector('[data-token-checks]');
    if (checks) checks.hidden = found.provider !== null;
    if (!found.provider) return;
    this.#look();
  }

  /** look begins to watch the devices, as if none had been there. */
  #look() {
    this.#stop();
    this.#unchoose();
    this.#stop = watchDevices(this.#provider, (devices) => this.#show(devices), (error) => this.#fail(error));
  }

  #show(devices) {
    this.#devices = devices;
    const list = this.#one('devices');
    list.querySelectorAll('label').forEach((at) => at.remove());
    for (const d of devices) list.append(this.#choice(d));
    this.#one('none').hidden = devices.length > 0;
    const here = (serial) => devices.some((d) => d.serial === serial);
    if (this.#serial && !here(this.#serial)) {
      const gone = this.#serial;
      this.#unchoose();
      if (!this.#busy) this.#fail(new TokenError('DEVICE_NOT_FOUND', {serial: gone}));
    } else if (this.#serial) {
      this.#check(this.#serial);
      this.#warn();
      return;
    }
    if (this.#busy) return;
    const free = devices.filter((d) => this.#why(d) === '');
    const wanted = this.#keyOn();
    if (wanted && here(wanted)) this.#choose(wanted);
    else if (!wanted && free.length === 1) this.#choose(free[0].serial);
  }

  /** keyOn is the token that the key was made on; no other will do. */
  #keyOn() { return this.#step === 'device' || this.#step === 'key' ? '' : this.#state?.key?.token ?? ''; }

  /** why says why a device cannot be chosen: an employee's, or not the one the key is on. */
  #why(d) {
    const serial = d.serial.toLowerCase();
    if (this.#state?.clerk.includes(serial) && this.#root.dataset.operator === undefined) return say('employee');
    const wanted = this.#keyOn();
    return wanted && wanted !== serial ? say('another', {serial: wanted}) : '';
  }

  #choice(d) {
    const label = document.createElement('label');
    const radio = document.createElement('input');
    radio.className = 'form-check-input';
    radio.type = 'radio';
    radio.name = 'device';
    radio.value = d.serial;
    const why = this.#why(d);
    radio.disabled = why !== '' || this.#busy;
    const name = document.createElement('span');
    name.className = 'tg-strong';
    name.textContent = [d.label, `№ ${d.serial}`].filter(Boolean).join(' · ');
    const about = document.createElement('span');
    about.className = 'tg-2 tg-small';
    const memory = d.freeMemory === null || d.freeMemory === undefined ? '' : say('memory', {size: Math.floor(d.freeMemory / 1024)});
    about.textContent = why || [d.model, d.release, memory].filter(Boolean).join(' · ');
    if (why) about.classList.add('tg-stop');
    label.append(radio, name, about);
    return label;
  }

  #check(serial) {
    for (const radio of this.#one('devices').querySelectorAll('input')) radio.checked = radio.value === serial;
  }

  #unchoose() {
    this.#serial = '';
    this.#looked = '';
    this.#check('');
    this.#one('found').hidden = true;
    this.#one('left').hidden = true;
  }

  /** choose has the server judge a device and say what is on it. */
  async #choose(serial) {
    this.#serial = serial;
    this.#check(serial);
    this.#pinError();
    this.#warn();
    try {
      await this.#judge(serial);
      if (this.#serial !== serial) return;
      this.#calm();
      if (this.#step === 'receive') await this.#receipt();
      this.#one('pin').focus();
    } catch (error) {
      if (this.#serial !== serial) return;
      this.#fail(error);
      // In again before anybody looked: then nothing has changed for the watch.
      if (!lost(error)) return;
      await pause(poll);
      if (this.#serial === serial && !this.#busy) this.#look();
    }
  }

  async #judge(serial) {
    const device = this.#devices.find((d) => d.serial === serial);
    if (!device) throw new TokenError('DEVICE_NOT_FOUND', {serial});
    const certificates = await this.#provider.certificates(serial);
    const state = await this.#post('/device', {
      device: {
        serial, label: device.label ?? '', model: device.model ?? '', release: device.release ?? '', algorithms: device.algorithms ?? [],
        freeMemory: device.freeMemory ?? null, totalMemory: device.totalMemory ?? null,
      },
      certificates: certificates.map((c) => c.der),
    });
    this.#looked = serial;
    this.#take(state);
    this.#contents();
  }

  /** contents lists what lies on the token, and what of it will be removed. */
  #contents() {
    const found = this.#one('found');
    found.replaceChildren();
    for (const c of this.#state.onToken.filter((x) => !x.remove)) {
      const dt = document.createElement('dt');
      dt.textContent = say('on_token');
      const dd = document.createElement('dd');
      dd.textContent = [c.holder, c.word, c.until && `${say('until')}: ${c.until}`].filter(Boolean).join(' · ');
      found.append(dt, dd);
    }
    found.hidden = found.childElementCount === 0;
    const list = this.#one('left-list');
    list.replaceChildren();
    const add = (text) => {
      const li = document.createElement('li');
      li.textContent = text;
      list.append(li);
    };
    for (const marker of this.#state.remove.markers) add(say('key_left', {name: marker}));
    for (const c of this.#state.onToken.filter((x) => x.remove)) add(say('certificate_left', {name: c.holder}));
    this.#one('left').hidden = list.childElementCount === 0;
  }

  /** warn says what is to be known about the PIN-code before it is typed. */
  #warn() {
    const pin = this.#devices.find((d) => d.serial === this.#serial)?.pin;
    this.#changing = pin?.factory === true;
    this.#one('factory').hidden = !this.#changing;
    if (pin?.state === 'locked') this.#pinError(words(new TokenError('PIN_LOCKED')));
    else if (pin?.state === 'final' || pin?.retries === 1) this.#pinError(words(new TokenError('PIN_INCORRECT', {pin})));
    this.#button();
  }

  // --- the work

  async #go() {
    if (this.#busy) return;
    const pin = this.#one('pin').value;
    const fresh = this.#changing ? [this.#one('new-pin').value, this.#one('new-pin-again').value] : null;
    this.#pinError();
    if (!this.#provider || !this.#serial) {
      this.#fail(new TokenError(this.#devices.length > 0 ? 'CHOOSE_DEVICE' : 'NO_DEVICE'));
      return;
    }
    if (pin === '') {
      this.#pinError(words(new TokenError('PIN_EMPTY')));
      this.#one('pin').focus();
      return;
    }
    if (fresh && !this.#freshIsFit(pin, fresh)) return;
    this.#forgetPins();
    this.#work(true);
    this.#calm();
    const serial = this.#serial;
    try {
      await alone(serial, () => this.#run(serial, pin, fresh?.[0]));
      if (this.#step === 'receive' && !this.#question) await this.#receipt();
    } catch (error) {
      this.#fail(error, serial);
    } finally {
      this.#work(false);
      this.#button();
      if (this.#step === 'receive' && this.#question) this.#one('pin').focus();
    }
  }

  #freshIsFit(pin, [first, second]) {
    const wrong = first.length < 6 ? 'short' : first === pin ? 'same' : first !== second ? 'differ' : '';
    if (wrong) {
      this.#pinError(say(wrong));
      this.#one('new-pin').focus();
    }
    return wrong === '';
  }

  async #run(serial, typed, fresh) {
    const provider = this.#provider;
    if (this.#looked !== serial) await this.#judge(serial);
    let pin = typed;
    if (fresh) {
      await provider.changePin(serial, pin, fresh);
      pin = fresh;
      this.#changing = false;
      this.#one('factory').hidden = true;
    }
    await provider.login(serial, pin);
    try {
      await this.#clean(serial);
      if (this.#step === 'receive') {
        await this.#receive(serial);
        return;
      }
      while (['device', 'key', 'issue', 'write', 'prove'].includes(this.#step)) await this.#next(serial);
    } finally {
      await provider.logout(serial);
    }
  }

  async #next(serial) {
    switch (this.#step) {
      case 'device':
      case 'key': return this.#key(serial);
      case 'issue': return this.#issued();
      case 'write': return this.#write(serial);
      default: return this.#prove(serial);
    }
  }

  /** clean removes what is ours and was given up; nothing else is touched. */
  async #clean(serial) {
    const {markers, certificates} = this.#state.remove;
    if (markers.length === 0) return;
    this.#tell(say('remove'));
    for (const c of await this.#provider.certificates(serial)) {
      if (certificates.includes(await sha256(c.der))) await this.#provider.deleteCertificate(serial, c.id);
    }
    for (const key of (await this.#provider.orphans(serial, markers)).keys) {
      if (markers.includes(key.label)) await this.#provider.deleteKey(serial, key.keyId);
    }
    await this.#post('/removed', {serial, markers});
    this.#state.remove = {markers: [], certificates: []};
    this.#state.onToken = this.#state.onToken.filter((c) => !c.remove);
    this.#contents();
  }

  /** key has the token make the key; one that was made and not reported is found by its label. */
  async #key(serial) {
    this.#working('key');
    const device = this.#devices.find((d) => d.serial === serial);
    const algorithm = this.#state.algorithms.find((a) => device?.algorithms?.includes(a)) ?? '';
    const state = await this.#post('/key', {serial, algorithm});
    this.#take(state);
    this.#working('key');
    const label = state.key.marker;
    const made = (await this.#provider.orphans(serial, [label])).keys.filter((k) => k.label === label);
    for (const extra of made.slice(1)) await this.#provider.deleteKey(serial, extra.keyId);
    const {keyId} = made[0] ?? await this.#provider.generateKey(serial, {algorithm: state.key.algorithm, label});
    const csr = await this.#provider.csr(serial, keyId, {commonName: label});
    this.#take(await this.#post('/csr', {marker: label, keyId, csr}));
  }

  async #issued() {
    this.#working('issue');
    for (;;) {
      const state = await this.#ask('GET', '');
      if (state.step !== 'issue') {
        this.#take(state);
        return;
      }
      this.#one('why').textContent = state.why;
      this.#one('why').hidden = state.why === '';
      await pause(poll);
    }
  }

  /** await follows the issuing when nobody has typed a PIN-code yet. */
  async #await() {
    while (this.#step === 'issue' && !this.#busy) {
      await pause(poll);
      if (this.#busy) return;
      try {
        this.#take(await this.#ask('GET', ''));
      } catch { /* asked again */ }
    }
  }

  async #write(serial) {
    const want = this.#state.certificate.der;
    this.#working('write');
    const onToken = async () => (await this.#provider.certificates(serial)).find((c) => c.der === want);
    if (!await onToken()) {
      try {
        await this.#provider.importCertificate(serial, want, this.#state.key.marker);
      } catch (error) {
        if (error.code !== 'CERTIFICATE_EXISTS') throw error;
      }
    }
    this.#working('back');
    const back = await onToken();
    if (!back) throw new TokenError('CERTIFICATE_NOT_FOUND', {serial});
    this.#take(await this.#post('/written', {serial, certificate: back.der}));
  }

  async #sign(serial, question) {
    const mine = (await this.#provider.certificates(serial)).find((c) => c.der === question.certificate.der);
    if (!mine) throw new TokenError('CERTIFICATE_NOT_FOUND', {serial});
    return this.#provider.sign(serial, mine.id, question.envelope);
  }

  async #prove(serial) {
    this.#working('prove');
    const question = await this.#post('/ask', {action: 'prove'});
    const cms = await this.#sign(serial, question);
    this.#take(await this.#post('/prove', {challenge: question.challenge, cms}));
  }

  /** receipt shows what the holder signs at the end; it is asked anew when it is signed. */
  async #receipt() {
    this.#question = await this.#post('/ask', {action: 'receive'});
    this.#one('text').textContent = this.#question.text;
    this.#button();
    this.#one('pin').focus();
  }

  async #receive(serial) {
    this.#working('receive');
    const shown = this.#question?.text;
    const question = await this.#post('/ask', {action: 'receive'});
    if (question.text !== shown) {
      this.#question = question;
      this.#one('text').textContent = question.text;
      throw new TokenError('ENVELOPE_REFUSED', {serial});
    }
    const cms = await this.#sign(serial, question);
    this.#take(await this.#post('/receive', {challenge: question.challenge, cms}));
  }

  // --- troubles

  #work(on) {
    this.#busy = on;
    for (const name of ['pin', 'new-pin', 'new-pin-again']) this.#one(name).disabled = on;
    for (const radio of this.#one('devices').querySelectorAll('input')) {
      const device = this.#devices.find((d) => d.serial === radio.value);
      radio.disabled = on || !device || this.#why(device) !== '';
    }
    this.#one('go').setAttribute('aria-disabled', String(on));
    this.#root.setAttribute('aria-busy', String(on));
  }

  #forgetPins() {
    for (const name of ['pin', 'new-pin', 'new-pin-again']) this.#one(name).value = '';
  }

  #pinError(text = '') {
    const at = this.#one('pin-error');
    at.querySelector('span').textContent = text;
    at.hidden = text === '';
    const field = this.#one('pin');
    if (text) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
  }

  #calm() {
    this.#one('trouble').hidden = true;
    for (const at of document.querySelectorAll('[data-desk-wrong]')) at.hidden = true;
  }

  /** fail says what happened, what was kept and what to do, and looks where things stand. */
  #fail(error, serial = '') {
    const text = error instanceof Refusal ? error.message : words(error);
    if (error instanceof TokenError && error.code.startsWith('PIN_') && error.code !== 'PIN_LOCKED') {
      this.#work(false);
      this.#take(this.#state);
      this.#pinError(text);
      this.#tell(text);
      this.#one('pin').focus();
      return;
    }
    const step = this.#step === 'done' || this.#step === 'stopped' ? 'receive' : this.#step;
    const doing = document.querySelector('[data-desk-spin]:not([hidden])')?.closest('[data-desk-step]')?.dataset.deskStep ?? step;
    if (this.#state) this.#take(this.#state);
    this.#mark(doing, 'fail');
    const wrong = document.querySelector(`[data-desk-step="${doing}"] [data-desk-wrong]`);
    wrong.textContent = text;
    wrong.hidden = false;
    this.#one('what').textContent = text;
    this.#one('kept').textContent = say(`kept_${step}`);
    this.#one('do').textContent = this.#advice(error);
    this.#one('trouble').hidden = false;
    this.#tell(`${text} ${say(`kept_${step}`)}`);
    if (serial) this.#again(doing, text, error instanceof TokenError && lost(error));
  }

  #advice(error) {
    if (error instanceof Refusal) {
      const choose = ['error.token.old', 'error.token.release_unknown', 'error.token.operators', 'error.token.memory', 'error.token.unsupported'];
      if (choose.includes(error.key)) return say('do_other');
      return say('do_again');
    }
    const serial = this.#state?.key?.token;
    const code = error.code ?? '';
    switch (code) {
      case 'DEVICE_NOT_FOUND': case 'SWAPPED': case 'LIBRARY_HUNG':
        return serial && this.#keyOn() ? say('do_same', {serial}) : say('do_lost');
      case 'PIN_LOCKED': return say('do_locked');
      case 'NOT_ENOUGH_MEMORY': return say('do_full');
      case 'UNSUPPORTED_BY_TOKEN': case 'MECHANISM_INVALID': return say('do_other');
      default: return code.startsWith('PIN_') ? say('do_pin') : say('do_again');
    }
  }

  /** again reads where things stand; what was said stays. */
  async #again(doing, text, gone) {
    try {
      this.#take(await this.#ask('GET', ''));
    } catch { /* what was shown stays */ }
    if (this.#step === 'done' || this.#step === 'stopped') {
      this.#calm();
      return;
    }
    const at = this.#step === 'write' && doing === 'back' ? 'back' : this.#step;
    this.#mark(at, 'fail');
    const wrong = document.querySelector(`[data-desk-step="${at}"] [data-desk-wrong]`);
    wrong.textContent = text;
    wrong.hidden = false;
    if (this.#step === 'issue') this.#await();
    if (gone) this.#look();
  }
}

const root = document.querySelector('[data-token-desk]');
if (root && document.querySelector('[data-desk-device]')) new Desk(root);
