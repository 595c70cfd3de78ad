// Dragging files onto data-drop puts them into its file field. The form is a
// plain multipart form and works without this. With data-drop="send" it is sent
// at once.
(() => {
  'use strict';
  const zone = (event) => event.target.closest?.('[data-drop]');
  const carries = (event) => event.dataTransfer && [...event.dataTransfer.types].includes('Files');

  function tell(area) {
    const field = area.querySelector('input[type=file]');
    const names = area.querySelector('[data-drop-names]');
    if (names) names.textContent = [...field.files].map((file) => file.name).join(', ');
    if (area.dataset.drop === 'send' && field.files.length > 0) field.form.requestSubmit();
  }

  document.addEventListener('dragover', (event) => {
    if (!carries(event)) return;
    event.preventDefault(); // a file dropped beside the area must not replace the page
    const area = zone(event);
    event.dataTransfer.dropEffect = area ? 'copy' : 'none';
    area?.classList.add('is-over');
  });
  document.addEventListener('dragleave', (event) => zone(event)?.classList.remove('is-over'));
  document.addEventListener('drop', (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    const area = zone(event);
    if (!area) return;
    area.classList.remove('is-over');
    const field = area.querySelector('input[type=file]');
    const files = new DataTransfer();
    for (const file of event.dataTransfer.files) {
      files.items.add(file);
      if (!field.multiple) break;
    }
    field.files = files.files;
    tell(area);
  });
  document.addEventListener('change', (event) => {
    if (event.target.matches('input[type=file]')) {
      const area = zone(event);
      if (area) tell(area);
    }
  });
})();
