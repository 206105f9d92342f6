// The dialog with a whole article: goes through its quotes or, once something is searched for, through what is found.
let place = 0;

function findText(text, wanted) {
  const found = [];
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  const needle = wanted.toLowerCase();
  while (needle && walker.nextNode()) {
    const node = walker.currentNode;
    const held = node.data.toLowerCase();
    // Some letters become two in lower case, and then the offsets would be wrong.
    if (held.length !== node.data.length) continue;
    for (let at = held.indexOf(needle); at >= 0; at = held.indexOf(needle, at + needle.length)) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + needle.length);
      found.push(range);
    }
  }
  return found;
}

function listStops(dialog) {
  const wanted = dialog.querySelector('#aa-seek').value.trim();
  const text = dialog.querySelector('.aa-text');
  return wanted ? findText(text, wanted) : [...text.querySelectorAll('mark')];
}

// Highlights of the browser leave the text as it is. Without them, the place is still scrolled to.
function highlight(name, ranges) {
  if (window.Highlight) CSS.highlights.set(name, new Highlight(...ranges));
}

function showStop(dialog, step) {
  const seeking = dialog.querySelector('#aa-seek').value.trim() !== '';
  const stops = listStops(dialog);
  place = stops.length ? (place + step + stops.length) % stops.length : 0;
  highlight('aa-found', seeking ? stops : []);
  const stop = stops[place];
  const text = dialog.querySelector('.aa-text');
  for (const mark of text.querySelectorAll('mark')) mark.classList.toggle('aa-current', mark === stop);
  highlight('aa-current', seeking && stop ? [stop] : []);
  if (stop) {
    const middle = stop.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight / 2;
    text.scrollTop += middle;
  }
  const kind = seeking ? 'Match' : 'Quote';
  const none = seeking ? 'No match' : '';
  dialog.querySelector('.aa-place').textContent = stops.length ? `${kind} ${place + 1} of ${stops.length}` : none;
  for (const button of dialog.querySelectorAll('.aa-seek button')) button.disabled = stops.length < 2;
}

watch('value', () => {
  const dialog = element.querySelector('dialog');
  if (!dialog || dialog.open) return;
  // Emptied, so that the same article can be opened again.
  dialog.addEventListener('close', () => { props.value = ''; }, { once: true });
  dialog.showModal();
  dialog.querySelector('[data-event="close"]').focus();
  place = Number(dialog.dataset.shown);
  showStop(dialog, 0);
});

element.addEventListener('input', (event) => {
  if (event.target.id !== 'aa-seek') return;
  place = 0;
  showStop(event.target.closest('dialog'), 0);
});

element.addEventListener('keydown', (event) => {
  if (event.target.id !== 'aa-seek' || event.key !== 'Enter') return;
  event.preventDefault();
  showStop(event.target.closest('dialog'), event.shiftKey ? -1 : 1);
});

element.addEventListener('click', (event) => {
  const name = event.target.closest('.aa-seek button')?.dataset.event;
  if (name) showStop(event.target.closest('dialog'), name === 'next' ? 1 : -1);
});
