// Keeps what was typed into forms marked data-keep="<id>" until the server says
// that the form did its work, so that an expired session or a refused form
// loses nothing. Only in this tab (sessionStorage), bound to the person
// (data-who), forgotten at logout and after twelve hours. Passwords, PIN-codes,
// files and hidden fields are never kept.
(() => {
  'use strict';
  const prefix = 'tamga-keep ';
  const longest = 12 * 60 * 60 * 1000;
  const store = window.sessionStorage;

  const who = () => document.body.dataset.who || '';
  const keyOf = (form) => `${prefix}${who()} ${form.dataset.keep}`;

  const keeps = (field) =>
    field.name && !['csrf', 'keep', 'next'].includes(field.name) && !('secret' in field.dataset) &&
    !['password', 'file', 'hidden', 'submit', 'button', 'reset', 'image'].includes(field.type);

  function read(form) {
    const values = {};
    for (const field of form.elements) {
      if (!keeps(field)) continue;
      values[field.name] ??= [];
      if (field.type === 'checkbox' || field.type === 'radio') {
        if (field.checked) values[field.name].push(field.value);
      } else if (field.type === 'select-multiple') {
        for (const option of field.selectedOptions) values[field.name].push(option.value);
      } else {
        values[field.name].push(field.value);
      }
    }
    return values;
  }

  function write(form, values) {
    let changed = false;
    const used = {};
    for (const field of form.elements) {
      if (!keeps(field) || !(field.name in values)) continue;
      const kept = values[field.name];
      if (field.type === 'checkbox' || field.type === 'radio') {
        const on = kept.includes(field.value);
        changed ||= on !== field.checked;
        field.checked = on;
      } else if (field.type === 'select-multiple') {
        for (const option of field.options) option.selected = kept.includes(option.value);
      } else {
        const value = kept[used[field.name] ?? 0];
        used[field.name] = (used[field.name] ?? 0) + 1;
        if (value === undefined || value === field.value) continue;
        field.value = value;
        changed = true;
      }
    }
    return changed;
  }

  function save(form) {
    try {
      store.setItem(keyOf(form), JSON.stringify({ at: Date.now(), values: read(form) }));
    } catch { /* the store is full or forbidden: the form works without it */ }
  }

  function forget(match) {
    for (const key of Object.keys(store)) {
      if (key.startsWith(prefix) && match(key.slice(prefix.length))) store.removeItem(key);
    }
  }

  function restore(form) {
    let kept;
    try {
      kept = JSON.parse(store.getItem(keyOf(form)));
    } catch { return; }
    if (!kept) return;
    if (Date.now() - kept.at > longest) {
      store.removeItem(keyOf(form));
      return;
    }
    if (write(form, kept.values)) {
      for (const note of form.querySelectorAll('[data-kept]')) note.hidden = false;
      form.dispatchEvent(new Event('change', { bubbles: true }));
    }
  }

  // The server is told the form's name, so that it can say what did its work.
  function adopt(form) {
    if (form.dataset.kept) return false;
    form.dataset.kept = '1';
    const hidden = document.createElement('input');
    hidden.type = 'hidden';
    hidden.name = 'keep';
    hidden.value = form.dataset.keep;
    form.append(hidden);
    return true;
  }

  function prepare(root) {
    for (const form of root.querySelectorAll('form[data-keep]')) {
      if (adopt(form)) restore(form);
    }
  }

  let timer;
  let waiting; // the form that the timer will save
  function stopWaiting() {
    clearTimeout(timer);
    waiting = undefined;
  }
  document.addEventListener('input', (event) => {
    const form = event.target.form;
    if (!form || !('keep' in form.dataset) || !keeps(event.target)) return;
    stopWaiting();
    waiting = form;
    timer = setTimeout(() => {
      stopWaiting();
      save(form);
    }, 300);
  });
  // Whoever leaves right after the last key loses nothing either.
  window.addEventListener('pagehide', () => {
    if (waiting) save(waiting);
    stopWaiting();
  });
  document.addEventListener('submit', (event) => {
    if ('logout' in event.target.dataset) {
      stopWaiting();
      forget(() => true);
    }
    if ('keep' in event.target.dataset) {
      stopWaiting();
      save(event.target);
    }
  }, true);
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-kept-clear]');
    if (!button) return;
    const form = button.form;
    store.removeItem(keyOf(form));
    form.reset();
    for (const note of form.querySelectorAll('[data-kept]')) note.hidden = true;
  });
  // What htmx sends from a form: data-keeps on its target names what the server
  // now keeps; anything refused, such as by a session that has ended, is kept
  // here before the page goes away.
  document.addEventListener('htmx:beforeOnLoad', (event) => {
    const form = event.target.closest?.('form[data-keep]');
    if (!form) return;
    if (event.detail.xhr.status >= 400) {
      stopWaiting();
      save(form);
    } else if (event.detail.target?.dataset.keeps !== undefined) {
      store.removeItem(keyOf(form));
    }
  });
  // A form that the server answers with whole, such as filled in with what is on
  // file, keeps what was typed while the answer was on its way, and the keyboard
  // stays where it was.
  const whole = (el) => Boolean(el?.matches?.('form[data-keep]'));
  let asked; // what was typed when the server was asked
  let held; // what was typed since, and where the keyboard is
  document.addEventListener('htmx:beforeRequest', (event) => {
    if (whole(event.detail.target)) asked = read(event.detail.target);
  });
  document.addEventListener('htmx:beforeSwap', (event) => {
    const form = event.detail.target;
    held = undefined;
    if (!asked || !event.detail.shouldSwap || !whole(form)) return;
    const since = Object.entries(read(form)).filter(([name, values]) => JSON.stringify(values) !== JSON.stringify(asked[name]));
    const at = document.activeElement;
    held = { typed: Object.fromEntries(since), place: [...form.elements].indexOf(at), from: at?.selectionStart, to: at?.selectionEnd };
    asked = undefined;
  });
  document.addEventListener('htmx:afterSwap', (event) => {
    const form = event.target;
    if (!held || !whole(form)) return;
    const { typed, place, from, to } = held;
    held = undefined;
    write(form, typed);
    const at = form.elements[place];
    if (!at) return;
    at.focus({ preventScroll: true });
    if (typeof from === 'number') {
      try { at.setSelectionRange(from, to); } catch { /* not every field has a caret */ }
    }
  });
  // A new form has a name of its own once the server keeps it.
  function rename(el) {
    const form = el.closest?.('form[data-keep]');
    const name = el.dataset?.keeps;
    if (!form || !name || name === form.dataset.keep) return;
    const kept = store.getItem(keyOf(form));
    store.removeItem(keyOf(form));
    form.dataset.keep = name;
    form.elements.namedItem('keep').value = name;
    if (kept) store.setItem(keyOf(form), kept);
  }
  document.addEventListener('htmx:load', (event) => {
    const el = event.detail.elt;
    if (whole(el) && adopt(el)) el.dispatchEvent(new Event('change', { bubbles: true })); // a draft is kept with it
    prepare(el);
    rename(el);
  });
  document.addEventListener('DOMContentLoaded', () => {
    const body = document.body.dataset;
    if (body.kept) forget((key) => key === `${who()} ${body.kept}`);
    if (who()) forget((key) => !key.startsWith(' ') && !key.startsWith(`${who()} `));
    prepare(document);
  });
})();
