// Handles clicks in the browser, or triggers an event for rag/page/handlers.py. All elements of the page share this.
// Listeners are on the root element, which stays when its content is replaced.
const EVENTS = ['ask', 'rate', 'open', 'remove', 'narrow'];

function showCard(id) {
  const card = document.getElementById(id);
  if (!card) return;
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  card.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'nearest' });
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
  const words = button.querySelector('span');
  const label = words.textContent;
  copyText(button.dataset.value).then(
    () => { words.textContent = 'Copied'; },
    () => { words.textContent = 'Cannot copy'; },
  ).then(() => setTimeout(() => { words.textContent = label; }, 1500));
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
});

element.addEventListener('submit', (event) => {
  const form = event.target.closest('form[data-event]');
  if (!form) return;
  event.preventDefault();
  if (form.matches('[popover]')) form.hidePopover();
  if (EVENTS.includes(form.dataset.event)) {
    const data = { ...form.dataset, ...event.submitter?.dataset };
    trigger(form.dataset.event, { ...data, ...Object.fromEntries(new FormData(form)) });
  }
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
