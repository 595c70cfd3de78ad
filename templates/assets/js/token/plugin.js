// The Rutoken Plugin as a TokenProvider. It is reached through the loader
// @aktivco/rutoken-plugin, which has made window.rutoken before this runs.
import {TokenError} from './error.js';
import {bare, checkEnvelope, loginEnvelope, pem} from './encoding.js';
import {Turns} from './turns.js';

const startLimit = 8000; // ms; an extension that does not answer is none

// A device that is gone shows itself in many ways.
const gone = ['DEVICE_NOT_FOUND', 'TOKEN_INVALID', 'TOKEN_NOT_PRESENT', 'TOKEN_NOT_RECOGNIZED', 'DEVICE_ERROR', 'SESSION_INVALID', 'SESSION_CLOSED', 'SLOT_ID_INVALID'];
const pinTrouble = ['PIN_INCORRECT', 'PIN_LENGTH_INVALID', 'PIN_INVALID', 'PIN_LOCKED'];

const within = (promise, ms) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error('no answer')), ms);
  promise.then(resolve, reject);
});

/**
 * findPlugin loads the plug-in. checks.extension and checks.plugin become "ok",
 * "missing" or "unknown".
 * @returns {Promise<PluginProvider|null>}
 */
export async function findPlugin(checks) {
  const loader = window.rutoken;
  if (!loader) return null;
  try {
    await within(loader.ready, startLimit);
    checks.extension = await within(loader.isExtensionInstalled(), startLimit) ? 'ok' : 'missing';
    checks.plugin = await within(loader.isPluginInstalled(), startLimit) ? 'ok' : 'missing';
    if (checks.extension !== 'ok') {
      checks.plugin = 'unknown'; // only the extension could tell
      return null;
    }
    if (checks.plugin !== 'ok') return null;
    const plugin = await within(loader.loadPlugin(), startLimit);
    checks.version = String(plugin.version ?? '');
    return new PluginProvider(plugin);
  } catch {
    if (checks.extension === 'ok') checks.plugin = 'missing';
    return null;
  }
}

/** release of a Rutoken ЭЦП by what its hardware can do; '' when unknown. */
function releaseOf(p, mechanisms) {
  const {sign, hash} = {sign: mechanisms?.sign?.hardware ?? [], hash: mechanisms?.hash?.hardware ?? []};
  const can = (list, constant) => constant !== undefined && list.includes(constant);
  if (can(sign, p.PUBLIC_KEY_ALGORITHM_ECDSA) || can(sign, p.PUBLIC_KEY_ALGORITHM_RSA_4096)) return '3.0';
  if (can(sign, p.PUBLIC_KEY_ALGORITHM_GOST3410_2012_256) || can(hash, p.HASH_TYPE_GOST3411_12_256)) return '2.0';
  return sign.length > 0 ? '1.0' : '';
}

function algorithmsOf(p, mechanisms) {
  const all = [...mechanisms?.sign?.hardware ?? [], ...mechanisms?.sign?.software ?? []];
  const out = [];
  if (all.includes(p.PUBLIC_KEY_ALGORITHM_RSA_2048)) out.push('RSA-2048');
  if (p.PUBLIC_KEY_ALGORITHM_ECDSA !== undefined && all.includes(p.PUBLIC_KEY_ALGORITHM_ECDSA)) out.push('P-256');
  return out;
}

/** pinState is PINS_INFO in the shape that devices have. */
function pinState(info) {
  const retries = Number.isInteger(info?.retriesLeft) ? info.retriesLeft : null;
  let state = 'ok';
  if (retries !== null && retries <= 3) state = ['locked', 'final'][retries] ?? 'low';
  return {state, retries, factory: info?.isPinDefault === true, minLength: 6, maxLength: 32};
}

class PluginProvider {
  kind = 'plugin';
  #p;
  #names;
  #turns = new Turns();

  constructor(plugin) {
    this.#p = plugin;
    this.#names = new Map(Object.entries(plugin.errorCodes).filter(([, n]) => Number.isInteger(n)).map(([name, n]) => [n, name]));
  }

  get version() { return String(this.#p.version ?? ''); }

  get busy() { return this.#turns.busy; }

  /** name of a rejection: its message is a decimal number, or is not. */
  #name(error) {
    const message = String(error?.message ?? error);
    return /^\s*-?\d+\s*$/.test(message) ? this.#names.get(parseInt(message, 10)) ?? 'UNKNOWN_ERROR' : 'UNKNOWN_ERROR';
  }

  #error(error, serial) {
    if (error instanceof TokenError) return error;
    const name = this.#name(error);
    return new TokenError(gone.includes(name) ? 'DEVICE_NOT_FOUND' : name, {detail: `${name} (${error?.message ?? error})`, serial});
  }

  /** call runs f with the plug-in and, if serial is given, its slot now. */
  #call(serial, f) {
    return this.#turns.take(async () => {
      try {
        return await f(this.#p, serial === null ? null : await this.#slot(serial));
      } catch (error) {
        throw this.#error(error, serial ?? '');
      }
    });
  }

  async #slot(serial) {
    const p = this.#p;
    for (const slot of await p.enumerateDevices({mode: p.ENUMERATE_DEVICES_LIST})) {
      try {
        if (String(await p.getDeviceInfo(slot, p.TOKEN_INFO_SERIAL)) === serial) return slot;
      } catch (error) {
        if (this.#error(error).code !== 'DEVICE_NOT_FOUND') throw error;
      }
    }
    throw new TokenError('DEVICE_NOT_FOUND', {serial});
  }

  devices() {
    return this.#call(null, async (p) => {
      const out = [];
      for (const slot of await p.enumerateDevices({mode: p.ENUMERATE_DEVICES_LIST})) {
        try {
          out.push(await this.#device(slot));
        } catch (error) {
          if (this.#error(error).code !== 'DEVICE_NOT_FOUND') throw error; // pulled out just now
        }
      }
      return out;
    });
  }

  async #device(slot) {
    const p = this.#p;
    const ask = (what) => p.getDeviceInfo(slot, what);
    const optional = async (what) => {
      if (what === undefined) return null;
      try {
        return await ask(what);
      } catch (error) {
        if (this.#error(error).code === 'DEVICE_NOT_FOUND') throw error;
        return null;
      }
    };
    const label = String(await ask(p.TOKEN_INFO_LABEL) ?? '').trim();
    const mechanisms = await optional(p.TOKEN_INFO_SUPPORTED_MECHANISMS);
    const free = await optional(p.TOKEN_INFO_FREE_MEMORY);
    return {
      serial: String(await ask(p.TOKEN_INFO_SERIAL)),
      label: label === 'Rutoken ECP <no label>' ? '' : label,
      model: String(await ask(p.TOKEN_INFO_MODEL) ?? ''),
      reader: String(await optional(p.TOKEN_INFO_READER) ?? ''),
      release: releaseOf(p, mechanisms),
      algorithms: algorithmsOf(p, mechanisms),
      freeMemory: Number.isFinite(Number(free)) && free !== null ? Number(free) : null,
      pin: pinState(await ask(p.TOKEN_INFO_PINS_INFO)),
    };
  }

  certificates(serial) {
    return this.#call(serial, async (p, slot) => {
      const out = [];
      for (const id of await p.enumerateCertificates(slot, p.CERT_CATEGORY_USER)) {
        out.push({id, der: bare(await p.getCertificate(slot, id)), keyId: '', category: 'user', hasKey: true});
      }
      return out;
    });
  }

  login(serial, pin) {
    return this.#call(serial, async (p, slot) => {
      try {
        await p.login(slot, pin);
      } catch (error) {
        if (this.#name(error) !== 'ALREADY_LOGGED_IN') throw await this.#pinError(error, slot, serial);
        // It does not mean that this PIN-code is right.
        await p.logout(slot).catch(() => {});
        try {
          await p.login(slot, pin);
        } catch (again) {
          throw await this.#pinError(again, slot, serial);
        }
      }
      if (String(await p.getDeviceInfo(slot, p.TOKEN_INFO_SERIAL)) !== serial) {
        await p.logout(slot).catch(() => {});
        throw new TokenError('SWAPPED', {serial});
      }
    });
  }

  /** pinError tells how many tries are left. */
  async #pinError(error, slot, serial) {
    const own = this.#error(error, serial);
    if (!pinTrouble.includes(own.code)) return own;
    let pin = null;
    try {
      pin = pinState(await this.#p.getDeviceInfo(slot, this.#p.TOKEN_INFO_PINS_INFO));
    } catch { /* the sentence goes without the number */ }
    return new TokenError(pin?.state === 'locked' ? 'PIN_LOCKED' : own.code, {detail: own.detail, serial, pin});
  }

  async logout(serial) {
    try {
      await this.#call(serial, (p, slot) => p.logout(slot));
    } catch { /* it is out, one way or another */ }
  }

  changePin(serial, pin, newPin) {
    return this.#call(serial, async (p, slot) => {
      try {
        await p.changePin(slot, pin, newPin, {});
      } catch (error) {
        throw await this.#pinError(error, slot, serial);
      }
    });
  }

  generateKey(serial, {algorithm = 'RSA-2048', label = ''} = {}) {
    return this.#call(serial, async (p, slot) => {
      const how = algorithm === 'P-256'
        ? {publicKeyAlgorithm: p.PUBLIC_KEY_ALGORITHM_ECDSA, paramset: 'secp256r1', signatureSize: 512}
        : {publicKeyAlgorithm: p.PUBLIC_KEY_ALGORITHM_RSA, signatureSize: 2048};
      if (how.publicKeyAlgorithm === undefined) throw new TokenError('UNSUPPORTED_BY_TOKEN', {serial});
      // The marker is there with the key, whatever happens next; the label is for other programs.
      const keyId = await p.generateKeyPair(slot, undefined, label, how);
      if (label) await p.setKeyLabel(slot, keyId, label).catch(() => {}); // a name more or less
      return {keyId};
    });
  }

  csr(serial, keyId, {commonName = ''} = {}) {
    return this.#call(serial, async (p, slot) => bare(await p.createPkcs10(
      slot, keyId, [{rdn: 'commonName', value: commonName}],
      {keyUsage: [], extKeyUsage: [], certificatePolicies: []}, {hashAlgorithm: p.HASH_TYPE_SHA256},
    )));
  }

  async enroll(serial, {algorithm = 'RSA-2048', label = '', commonName = ''} = {}) {
    const {keyId} = await this.generateKey(serial, {algorithm, label});
    try {
      return {keyId, csr: await this.csr(serial, keyId, {commonName})};
    } catch (error) {
      await this.deleteKey(serial, keyId).catch(() => {});
      throw error;
    }
  }

  importCertificate(serial, der) {
    return this.#call(serial, async (p, slot) => ({id: await p.importCertificate(slot, pem('CERTIFICATE', der), p.CERT_CATEGORY_USER)}));
  }

  orphans(serial, labels = []) {
    return this.#call(serial, async (p, slot) => {
      const keys = new Set(await p.enumerateKeys(slot, ''));
      const marked = new Map();
      for (const label of labels) {
        for (const keyId of await p.enumerateKeys(slot, label)) {
          keys.add(keyId);
          marked.set(keyId, label);
        }
      }
      const certificates = [];
      for (const id of await p.enumerateCertificates(slot, p.CERT_CATEGORY_USER)) {
        try {
          keys.delete(await p.getKeyByCertificate(slot, id));
        } catch (error) {
          if (this.#name(error) !== 'KEY_NOT_FOUND') throw error;
          certificates.push({id, keyId: '', der: bare(await p.getCertificate(slot, id))});
        }
      }
      const named = [];
      for (const keyId of keys) named.push({keyId, label: marked.get(keyId) ?? String(await p.getKeyLabel(slot, keyId).catch(() => '') ?? '')});
      return {keys: named, certificates};
    });
  }

  deleteKey(serial, keyId) {
    return this.#call(serial, async (p, slot) => { await p.deleteKeyPair(slot, keyId); });
  }

  deleteCertificate(serial, id) {
    return this.#call(serial, async (p, slot) => { await p.deleteCertificate(slot, id); });
  }

  /** The plug-in signs whatever a page gives it: only location.origin speaks for us. */
  signLogin(serial, id, challenge) { return this.#sign(serial, id, () => loginEnvelope(challenge)); }

  sign(serial, id, envelope) {
    return this.#sign(serial, id, () => {
      checkEnvelope(envelope);
      return envelope;
    });
  }

  #sign(serial, id, envelope) {
    return this.#call(serial, async (p, slot) => bare(await p.sign(slot, id, envelope(), p.DATA_FORMAT_BASE64, {
      detached: false, addUserCertificate: true, addSignTime: true, useHardwareHash: false, rsaHashAlgorithm: p.HASH_TYPE_SHA256,
    })));
  }
}
