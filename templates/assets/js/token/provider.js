// One way to reach a token, whichever is there: the Rutoken Plugin, or the
// agent on this computer. A TokenProvider has
//
//   kind, version, busy
//   devices()                            → [{serial, label, model, reader, release, algorithms, freeMemory, pin}]
//   certificates(serial)                 → [{id, der, keyId, category, hasKey}], before login too
//   login(serial, pin), logout(serial), changePin(serial, pin, newPin)
//   generateKey(serial, {algorithm, label})          → {keyId}
//   csr(serial, keyId, {commonName})                 → PKCS #10
//   enroll(serial, {algorithm, label, commonName})   → {keyId, csr}; no key stays behind if it fails
//   importCertificate(serial, der, label)            → {id}
//   orphans(serial, labels)                          → {keys: [{keyId, label}], certificates: [{id, keyId, der}]}
//   deleteKey(serial, keyId), deleteCertificate(serial, id)
//   signLogin(serial, id, challenge), sign(serial, id, envelope)  → CMS
//
// and throws TokenError. Devices are named by their serial number, never by a
// slot; release is "1.0", "2.0", "3.0" or "" (unknown); memory is in bytes;
// what is binary is base64 of DER.
import {findAgent} from './agent.js';
import {findPlugin} from './plugin.js';

export {TokenError, lost} from './error.js';

/**
 * findProvider looks for the plug-in, and only without it for the agent: asking
 * for the agent may make the browser ask the person.
 * @param {{agent?: string, asking?: () => void}} where agent is its address,
 *   empty for none; asking is called when the browser may ask the person
 * @returns {Promise<{provider: object|null, trouble: string, checks: object}>}
 *   trouble is the code of what is missing; checks says it of each part.
 */
export async function findProvider({agent = '', asking = () => {}} = {}) {
  const checks = {extension: 'unknown', plugin: 'unknown', agent: 'unknown', version: ''};
  const provider = await findPlugin(checks) ?? await findAgent(agent, checks, asking);
  return {provider, trouble: provider ? '' : troubleOf(checks), checks};
}

function troubleOf(checks) {
  switch (checks.agent) {
    case 'blocked': return 'AGENT_BLOCKED';
    case 'origin': return 'AGENT_ORIGIN';
    case 'library': return 'AGENT_LIBRARY';
  }
  return checks.extension === 'ok' ? 'PLUGIN_MISSING' : 'EXTENSION_MISSING';
}
