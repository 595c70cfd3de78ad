// Base64, PEM and the envelopes that are signed (internal/token has the rules).
import {TokenError} from './error.js';

/** bare is base64 without PEM's lines and white space. */
export const bare = (text) => String(text).replace(/-----[^-]+-----/g, '').replace(/\s+/g, '');

/** pem puts base64 between PEM's lines. */
export const pem = (label, base64) => `-----BEGIN ${label}-----\n${base64.replace(/(.{64})(?=.)/g, '$1\n')}\n-----END ${label}-----\n`;

/** encode is a text's UTF-8 in base64. */
export const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

const decode = (base64) => new TextDecoder('utf-8', {fatal: true}).decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));

/** sha256 is the hash of base64's bytes, in hex. */
export async function sha256(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** loginEnvelope is token-login/1 of this page, in base64. */
export function loginEnvelope(challenge) {
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge)) throw new TokenError('BAD_PARAMS', {detail: 'challenge'});
  return encode(JSON.stringify({typ: 'token-login/1', origin: window.location.origin, challenge}));
}

const others = ['decision/1', 'renewal-order/1', 'handover/1', 'revocation/1'];

/**
 * checkEnvelope refuses to sign anything but an envelope that the server made
 * for this page: a login is signed by signLogin alone.
 */
export function checkEnvelope(base64) {
  let envelope;
  try {
    const text = decode(base64);
    envelope = JSON.parse(text);
    if (JSON.stringify(envelope) !== text) throw new Error('encoding');
  } catch (error) {
    throw new TokenError('ENVELOPE_REFUSED', {detail: String(error)});
  }
  if (!others.includes(envelope.typ) || envelope.origin !== window.location.origin) {
    throw new TokenError('ENVELOPE_REFUSED', {detail: `${envelope.typ} of ${envelope.origin}`});
  }
}
