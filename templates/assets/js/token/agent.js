// The workstation agent as a TokenProvider: docs/agent.md is its protocol.
import {TokenError} from './error.js';
import {checkEnvelope} from './encoding.js';
import {Turns} from './turns.js';

const helloLimit = 4000; // ms
const askLimit = 60000; // while the browser asks the person
const callLimit = 120000; // making a key takes up to a minute
const busyPause = 400;
const busyTimes = 30;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** permission is the browser's word on loopback: granted, prompt, denied, or unknown. */
async function permission() {
  for (const name of ['loopback-network', 'local-network-access']) {
    try {
      return (await navigator.permissions.query({name})).state;
    } catch { /* this browser does not know the name */ }
  }
  return 'unknown';
}

/**
 * findAgent asks whether the agent is there. checks.agent becomes "ok",
 * "missing", "blocked" (by the browser), "origin" (this page may not use it) or
 * "library" (the token's library is missing). asking is told when the browser
 * may ask the person first.
 * @returns {Promise<AgentProvider|null>}
 */
export async function findAgent(base, checks, asking) {
  if (!base) return null;
  const state = await permission();
  if (state === 'denied') { // asking would only fail
    checks.agent = 'blocked';
    return null;
  }
  if (state === 'prompt') asking();
  const agent = new AgentProvider(base);
  try {
    const hello = await agent.hello(state === 'prompt' ? askLimit : helloLimit);
    checks.version = String(hello.version ?? '');
    checks.agent = hello.library?.state === 'ready' ? 'ok' : 'library';
    return checks.agent === 'ok' ? agent : null;
  } catch (error) {
    checks.agent = {AGENT_BLOCKED: 'blocked', AGENT_ORIGIN: 'origin'}[error.code] ?? 'missing';
    return null;
  }
}

class AgentProvider {
  kind = 'agent';
  version = '';
  #base;
  #sessions = new Map(); // by serial number
  #turns = new Turns();

  constructor(base) { this.#base = base; }

  get busy() { return this.#turns.busy; }

  async hello(limit = helloLimit) {
    const hello = await this.#ask('hello', {}, limit);
    this.version = String(hello.version ?? '');
    return hello;
  }

  async #ask(call, body, limit = callLimit) {
    let answer;
    try {
      answer = await fetch(`${this.#base}/v1/${call}`, {
        method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
        credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer', signal: AbortSignal.timeout(limit),
      });
    } catch (error) {
      throw await this.#unreachable(error);
    }
    let json = {};
    try {
      json = await answer.json();
    } catch { /* the status tells */ }
    if (!answer.ok) throw new TokenError(json.code ?? 'UNKNOWN_ERROR', {detail: json.detail ?? String(answer.status), serial: json.serial, pin: json.pin});
    return json;
  }

  /** unreachable tells why nothing came: the browser hides it from the page. */
  async #unreachable(error) {
    const detail = String(error);
    if (error?.name === 'TimeoutError') return new TokenError('LIBRARY_HUNG', {detail});
    if (await permission() === 'denied') return new TokenError('AGENT_BLOCKED', {detail});
    try {
      await fetch(`${this.#base}/v1/hello`, {method: 'POST', mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(helloLimit)});
      return new TokenError('AGENT_ORIGIN', {detail});
    } catch {
      return new TokenError('AGENT_MISSING', {detail});
    }
  }

  /** call waits its turn, and again while the agent says that it is busy. */
  #call(call, body) {
    return this.#turns.take(async () => {
      for (let n = 0; ; n++) {
        try {
          return await this.#ask(call, body);
        } catch (error) {
          if (error.code !== 'BUSY' || n >= busyTimes) throw error;
          await pause(busyPause);
        }
      }
    });
  }

  /** held makes a call that needs the session of a token. */
  async #held(serial, call, body = {}) {
    const session = this.#sessions.get(serial);
    if (!session) throw new TokenError('USER_NOT_LOGGED_IN', {serial});
    try {
      return await this.#call(call, {session, ...body});
    } catch (error) {
      if (['DEVICE_NOT_FOUND', 'USER_NOT_LOGGED_IN', 'LIBRARY_HUNG', 'LIBRARY_CRASHED'].includes(error.code)) this.#sessions.delete(serial);
      throw error;
    }
  }

  async devices() { return (await this.#call('devices', {})).devices; }

  async certificates(serial) {
    const {certificates} = await this.#call('certificates', {serial});
    return certificates.filter((c) => c.category === 'user' || c.category === 'unspecified');
  }

  async login(serial, pin) {
    this.#sessions.delete(serial);
    this.#sessions.set(serial, (await this.#call('login', {serial, pin})).session);
  }

  async logout(serial) {
    const session = this.#sessions.get(serial);
    this.#sessions.delete(serial);
    if (!session) return;
    try {
      await this.#call('logout', {session});
    } catch { /* it ends by itself */ }
  }

  async changePin(serial, pin, newPin) {
    this.#sessions.delete(serial);
    await this.#call('changePin', {serial, pin, newPin});
  }

  async generateKey(serial, {algorithm = 'RSA-2048', label = ''} = {}) {
    return {keyId: (await this.#held(serial, 'generateKey', {algorithm, label})).keyId};
  }

  async csr(serial, keyId) { return (await this.#held(serial, 'csr', {keyId})).csr; }

  async enroll(serial, {algorithm = 'RSA-2048', label = ''} = {}) {
    const {keyId} = await this.generateKey(serial, {algorithm, label});
    try {
      return {keyId, csr: await this.csr(serial, keyId)};
    } catch (error) {
      await this.deleteKey(serial, keyId).catch(() => {});
      throw error;
    }
  }

  async importCertificate(serial, der, label = '') {
    return {id: (await this.#held(serial, 'importCertificate', {certificate: der, label})).id};
  }

  orphans(serial) { return this.#held(serial, 'orphans'); }

  async deleteKey(serial, keyId) { await this.#held(serial, 'deleteKey', {keyId}); }

  async deleteCertificate(serial, id) { await this.#held(serial, 'deleteCertificate', {certificate: id}); }

  /** The agent writes the origin into the envelope itself. */
  async signLogin(serial, id, challenge) { return (await this.#held(serial, 'signLogin', {certificate: id, challenge})).cms; }

  async sign(serial, id, envelope) {
    checkEnvelope(envelope);
    return (await this.#held(serial, 'signEnvelope', {certificate: id, envelope})).cms;
  }
}
