// The keyboard. Single keys work outside fields only and can be switched off in
// the help ("?"). A page says what a key does:
//
//   data-key="n"    on a link or button: the key presses it
//   data-key="/"    on a field: the key moves into it
//   data-key="g w"  two keys, one after the other
//   data-rows       on a table or list: J and K move over its data-row
//                   children, Enter follows the first link of the row
//
// Escape follows the link above the title that has a key: back to the list.
(() => {
  'use strict';
  const offKey = 'tamga-keys-off';
  let first = '';
  let firstAt = 0;

  const isOff = () => localStorage.getItem(offKey) === '1';
  const typing = (el) => el.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]');
  const visible = (el) => el.getClientRects().length > 0 && !el.disabled && el.getAttribute('aria-disabled') !== 'true';

  // The physical key, so that Kyrgyz and Russian layouts work as well.
  function nameOf(event) {
    if (/^Key[A-Z]$/.test(event.code)) return event.code.slice(3).toLowerCase();
    if (/^Digit[0-9]$/.test(event.code) && !event.shiftKey) return event.code.slice(5);
    if (event.code === 'Slash') return event.shiftKey ? '?' : '/';
    if (event.key === '?' || event.key === '/') return event.key;
    if (event.code === 'Equal' || event.code === 'NumpadAdd') return '+';
    if (event.code === 'Minus' || event.code === 'NumpadSubtract') return '-';
    return event.key;
  }

  const rows = () => [...document.querySelectorAll('[data-rows] [data-row]')].filter(visible);

  function mark(row) {
    for (const other of rows()) other.removeAttribute('aria-current');
    row.setAttribute('aria-current', 'true');
    row.scrollIntoView({ block: 'nearest' });
    if (row.dataset.row) sessionStorage.setItem(`tamga-row ${location.pathname}`, row.dataset.row);
  }

  function move(step) {
    const all = rows();
    if (all.length === 0) return false;
    const now = all.findIndex((row) => row.getAttribute('aria-current') === 'true');
    const next = all[Math.min(all.length - 1, Math.max(0, now < 0 ? 0 : now + step))];
    mark(next);
    next.querySelector('a[href]')?.focus({ preventScroll: true });
    return true;
  }

  function press(key) {
    const el = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(visible);
    if (!el) return false;
    if (el.matches('input:not([type=checkbox]):not([type=radio]), textarea, select')) {
      el.focus();
      el.select?.();
    } else {
      el.click();
    }
    return true;
  }

  function help() {
    const dialog = document.getElementById('keys-help');
    if (!dialog) return false;
    const off = dialog.querySelector('[data-keys-off]');
    if (off) off.checked = isOff();
    dialog.showModal();
    return true;
  }

  function handle(event) {
    if (event.defaultPrevented || event.altKey || event.metaKey) return false;
    if (event.key === 'Enter' && event.ctrlKey) {
      const form = event.target.form;
      if (!form) return false;
      // The button that the hint stands on, where the form has several.
      form.requestSubmit(form.querySelector('button[data-send]') ?? undefined);
      return true;
    }
    if (event.ctrlKey) return false;
    if (document.querySelector('dialog[open]')) return false; // the browser closes it
    const key = nameOf(event);
    if (typing(event.target)) {
      if (key !== 'Escape') return false;
      event.target.blur();
      return true;
    }
    if (isOff()) return key === '?' && help();
    if (first && Date.now() - firstAt < 1500) {
      const both = `${first} ${key}`;
      first = '';
      if (press(both)) return true;
    }
    if (document.querySelector(`[data-key^="${CSS.escape(key)} "]`)) {
      first = key;
      firstAt = Date.now();
      return true;
    }
    switch (key) {
      case '?': return help();
      case 'j': case 'ArrowDown': return move(1);
      case 'k': case 'ArrowUp': return move(-1);
      case 'Enter': {
        if (event.target.closest('a, button, summary, label')) return false;
        const link = document.querySelector('[data-rows] [data-row][aria-current=true] a[href]');
        link?.click();
        return Boolean(link);
      }
      case 'Escape': {
        const back = document.querySelector('.tg-crumb a[data-key]');
        if (!back || document.querySelector('[data-more][open]')) return false; // the menu closes first
        back.click();
        return true;
      }
      default: return press(key);
    }
  }

  document.addEventListener('keydown', (event) => {
    if (handle(event)) event.preventDefault();
  });
  document.addEventListener('change', (event) => {
    if (!event.target.matches('[data-keys-off]')) return;
    if (event.target.checked) localStorage.setItem(offKey, '1');
    else localStorage.removeItem(offKey);
    show();
  });
  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-keys-help]')) help();
  });

  function show() {
    for (const el of document.querySelectorAll('[data-keys-hints], kbd')) {
      if (!el.closest('dialog')) el.hidden = isOff();
    }
  }

  document.addEventListener('DOMContentLoaded', () => {
    show();
    const last = sessionStorage.getItem(`tamga-row ${location.pathname}`);
    const row = last && rows().find((r) => r.dataset.row === last);
    if (row) mark(row);
  });
})();
