// The sentences of the page's language: the page brings them along, in the
// partial "token-words".
import {TokenError} from './error.js';

/** phrase is a sentence by its code, with {name} filled in. */
export function phrase(code, values = {}) {
  const text = document.querySelector(`[data-token-words] [data-code="${CSS.escape(code)}"]`)?.textContent ?? '';
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

/** words says an error: what happened and what to do. */
export function words(error) {
  const code = error instanceof TokenError ? error.code : 'UNKNOWN_ERROR';
  if (code === 'PIN_INCORRECT' || code === 'PIN_LENGTH_INVALID' || code === 'PIN_INVALID') return pinWords(code, error.pin);
  return phrase(code) || phrase('UNKNOWN_ERROR', {code: error.code ?? error.name ?? ''});
}

/** pinWords tells the tries left, where the token tells them. */
function pinWords(code, pin) {
  const left = pin?.retries ?? null;
  const parts = [left === null ? phrase(code === 'PIN_INCORRECT' ? 'PIN_WRONG' : code) : phrase('PIN_INCORRECT', {n: left})];
  if (code !== 'PIN_INCORRECT' && left !== null) parts.unshift(phrase(code));
  if (left === 1 || pin?.state === 'final') parts.push(phrase('PIN_LAST'));
  return parts.join(' ');
}
