// Handles clicks in the browser, or triggers an event for rag/page/handlers.py.
// Listeners are on the root element, which stays when its content is replaced.
const EVENTS = ['ask', 'rate', 'edit', 'open', 'remove', 'clear'];

function showCard(id) {
  const card = document.getElementById(id);
  if (!card) return;
  for (let group = card.closest('details'); group; group = group.parentElement.closest('details')) group.open = true;
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  card.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'center' });
  card.focus({ preventScroll: true });
}

function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // A page from another machine has no clipboard without https.
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done ? Promise.resolve() : Promise.reject(new Error('no clipboard'));
}

function tellCopied(button) {
  const label = button.textContent;
  copyText(button.dataset.value).then(
    () => { button.textContent = 'Copied'; },
    () => { button.textContent = 'Cannot copy'; },
  ).then(() => setTimeout(() => { button.textContent = label; }, 1500));
}

element.addEventListener('click', (event) => {
  const chip = event.target.closest('a[data-card]');
  if (chip) {
    event.preventDefault();
    showCard(chip.dataset.card);
    return;
  }
  const button = event.target.closest('button[data-event]');
  if (!button) return;
  const name = button.dataset.event;
  if (name === 'copy') tellCopied(button);
  else if (name === 'close') button.closest('dialog').close();
  else if (EVENTS.includes(name)) trigger(name, { ...button.dataset });
  const asked = button.closest('.aa-confirm');
  if (asked) asked.open = false;
  if (['edit', 'clear'].includes(name)) document.querySelector('#aa-question textarea')?.focus();
});

element.addEventListener('submit', (event) => {
  const form = event.target.closest('form[data-event]');
  if (!form) return;
  event.preventDefault();
  if (EVENTS.includes(form.dataset.event)) {
    trigger(form.dataset.event, { ...form.dataset, value: form.elements.namedItem('value').value });
  }
});

// Scrolls to a new question. Its answer then grows below without moving the text being read.
let latest = '';
watch('value', () => {
  const shown = element.querySelectorAll('.aa-exchange');
  const key = shown.length ? shown[shown.length - 1].dataset.key : '';
  if (shown.length > 1 && key !== latest) shown[shown.length - 1].scrollIntoView({ block: 'start' });
  latest = key;
});

watch('value', () => {
  const dialog = element.querySelector('dialog');
  if (!dialog || dialog.open) return;
  // Emptied, so that the same article can be opened again.
  dialog.addEventListener('close', () => { props.value = ''; }, { once: true });
  dialog.showModal();
  dialog.querySelector('mark')?.scrollIntoView({ block: 'center' });
});

// Not written as one word in quotes, because Gradio would take the property for an event.
watch(['pay', 'load'].join(''), () => {
  if (!props.payload) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([props.payload.text], { type: props.payload.type }));
  link.download = props.payload.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
