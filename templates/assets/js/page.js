// Small things that every page shares.
(() => {
  'use strict';

  // htmx asks with the same token as the forms.
  document.addEventListener('htmx:configRequest', (event) => {
    const token = document.body.dataset.csrf;
    if (token) event.detail.headers['X-CSRF-Token'] = token;
  });
  document.addEventListener('htmx:beforeRequest', (event) => event.detail.target?.setAttribute('aria-busy', 'true'));
  document.addEventListener('htmx:afterRequest', (event) => event.detail.target?.removeAttribute('aria-busy'));

  // A form is sent once, however often its button is pressed.
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.dataset.sent === '1') {
      if (form.dataset.sent === '1') event.preventDefault();
      return;
    }
    form.dataset.sent = '1';
    const again = () => delete form.dataset.sent;
    setTimeout(again, 10000);
    window.addEventListener('pageshow', again, { once: true });
  });

  // Browsers keep pages alive for the way back, whatever their headers say. A
  // page of a session is asked for anew, so that going back after the logout
  // shows the login.
  window.addEventListener('pagehide', (event) => {
    if (event.persisted && document.body.dataset.who) document.body.hidden = true;
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted && document.body.dataset.who) window.location.reload();
  });

  // A text to be signed answers a form and has no address of its own. The way back
  // to it, and loading it again, lead to the page that the form was on.
  document.addEventListener('DOMContentLoaded', () => {
    const from = document.body.dataset.from;
    if (from && document.querySelector('input[name="seen"]')) history.replaceState(null, '', from);
  });

  // A refused form is gone on with at the first field that has an error.
  document.addEventListener('DOMContentLoaded', () => {
    if (document.body.dataset.status === '422') document.querySelector('main [aria-invalid="true"]')?.focus();
  });

  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-print]')) window.print();
    const closer = event.target.closest('[data-close]');
    if (closer) closer.closest('dialog')?.close();
  });

  // The folded part of the menu closes with Escape and by a click elsewhere.
  const unfolded = () => document.querySelector('[data-more][open]');
  document.addEventListener('click', (event) => {
    const menu = unfolded();
    if (menu && !menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' ? unfolded() : null;
    if (!menu) return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });

  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-submit]')) event.target.form?.requestSubmit();
  });
})();
