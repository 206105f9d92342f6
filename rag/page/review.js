// The tab Review: its keys, and choosing a text in a passage or a whole article. Each button does what its key does.
const WANTED = {
  wrong: 'Wrong: select the right text in a passage or its article.',
  differ: 'The articles differ: select a text for each value, one after the other. Enter without a selection saves them.',
};
const LEAST = 2; // values that differ
let key = ''; // the id of the item that is shown
let picking = ''; // the decision that needs a text
let chosen = []; // for articles that differ
let acted = ''; // what the server was asked for, until it answers. Of two events at once, Gradio drops the second
let better = '';
let found = []; // places of the text that is searched for: {area, start, end}
let place = 0;
let last = null; // the text that was selected in an area

const find = (selector) => element.querySelector(selector);
const listAreas = () => [...element.querySelectorAll('.aa-choosable')];
const tell = (text) => { find('#aa-picked').textContent = text; };

function send(action, data = {}) {
  acted = action;
  trigger('review', { action, item: key, ...data });
}

// The caret can move and select in an area, but typing does not change its text.
function openArea(area, open) {
  const whole = area.matches('.aa-whole');
  const fixed = { contenteditable: 'true', role: 'textbox', 'aria-multiline': 'true', 'aria-readonly': 'true', inputmode: 'none', spellcheck: 'false', tabindex: '0', 'aria-label': area.dataset.value };
  for (const [name, value] of Object.entries(fixed)) {
    if (open) area.setAttribute(name, value);
    else area.removeAttribute(name);
  }
  if (whole && !open) for (const [name, value] of [['role', 'region'], ['tabindex', '0'], ['aria-label', area.dataset.value]]) area.setAttribute(name, value);
}

function showPicking() {
  const bar = find('.aa-picking');
  if (!bar) return;
  bar.hidden = !picking;
  find('.aa-deciding').hidden = Boolean(picking);
  for (const area of listAreas()) openArea(area, Boolean(picking));
  find('[data-review=save]').hidden = picking !== 'differ' || chosen.length < LEAST;
  const rows = chosen.map((span, at) => {
    const row = document.createElement('li');
    const text = document.createElement('span');
    text.dir = 'auto';
    text.textContent = span.text;
    const remove = document.createElement('button');
    Object.assign(remove, { type: 'button', className: 'aa-quiet', textContent: 'Remove' });
    remove.setAttribute('aria-label', `Remove: ${span.text}`);
    Object.assign(remove.dataset, { review: 'drop', value: at });
    row.append(text, ' ', remove);
    return row;
  });
  find('.aa-chosen').replaceChildren(...rows);
  find('.aa-chosen').hidden = !rows.length;
}

function startPicking(decision) {
  picking = decision;
  chosen = [];
  last = null;
  tell(WANTED[decision]);
  showPicking();
  find('#aa-look').value = '';
  look('');
  putCaret(listAreas()[0]);
}

function putCaret(area) {
  if (!area) return;
  area.focus();
  getSelection().collapse(area, 0);
}

function stopPicking() {
  picking = '';
  chosen = [];
  look('');
  showPicking();
  find('#aa-reviewed').focus();
}

// Offsets count the characters of the area's whole text, with or without marks in it.
function measure(area, node, offset) {
  const before = document.createRange();
  before.setStart(area, 0);
  before.setEnd(node, offset);
  return before.toString().length;
}

function makeRange(area, start, end) {
  const range = document.createRange();
  const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
  let at = 0;
  let begun = false;
  while (walker.nextNode()) {
    const { data } = walker.currentNode;
    if (!begun && start < at + data.length) {
      range.setStart(walker.currentNode, start - at);
      begun = true;
    }
    if (end <= at + data.length) {
      range.setEnd(walker.currentNode, end - at);
      break;
    }
    at += data.length;
  }
  return range;
}

// The server counts characters. The browser counts UTF-16 units, of which some characters have two.
function countCharacters(text) { return text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0); }

function makeSpan(area, start, end) {
  const text = area.textContent;
  let [from, to] = [start, end];
  while (from < to && /\s/.test(text[from])) from += 1;
  while (from < to && /\s/.test(text[to - 1])) to -= 1;
  if (from >= to) return null;
  const [first, length] = [countCharacters(text.slice(0, from)), countCharacters(text.slice(from, to))];
  return { document: area.dataset.document, base: Number(area.dataset.start), start: first, end: first + length, text: text.slice(from, to) };
}

function readSelection() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const area = listAreas().find((one) => one.contains(range.startContainer) && one.contains(range.endContainer));
  return area ? makeSpan(area, measure(area, range.startContainer, range.startOffset), measure(area, range.endContainer, range.endOffset)) : null;
}

function take(span) {
  if (!span) {
    if (picking === 'differ' && chosen.length >= LEAST) save();
    else tell('Nothing is selected. Select the text within one passage or article.');
  } else if (picking === 'wrong') {
    chosen = [span];
    save();
  } else if (chosen.some((one) => one.document === span.document && one.base + one.start === span.base + span.start && one.text === span.text)) {
    tell('This text is already chosen: select another one.');
  } else {
    chosen.push(span);
    showPicking();
    tell(chosen.length < LEAST ? `“${span.text}” is chosen. Select another value.` : `“${span.text}” is chosen. Select another value, or save: Enter without a selection.`);
    last = null;
    getSelection().collapseToEnd();
  }
}

function save() { send('judge', { decision: picking, spans: chosen }); }

function highlight(range) {
  if (!globalThis.CSS?.highlights) return;
  if (range) CSS.highlights.set('aa-current', new Highlight(range));
  else CSS.highlights.delete('aa-current');
}

function look(wanted) {
  const needle = wanted.toLowerCase();
  found = [];
  place = 0;
  last = null;
  for (const area of needle.trim() ? listAreas() : []) {
    const held = area.textContent.toLowerCase();
    // Some letters become two in lower case, and then the offsets would be wrong.
    if (held.length !== area.textContent.length) continue;
    for (let at = held.indexOf(needle); at >= 0; at = held.indexOf(needle, at + needle.length)) found.push({ area, start: at, end: at + needle.length });
  }
  showFound(wanted);
}

function showFound(wanted) {
  const told = find('.aa-found');
  if (!told) return;
  const one = found[place];
  const none = wanted.trim() ? 'Not found. Show a whole article to search it too.' : '';
  told.textContent = one ? `${place + 1} of ${found.length}, in: ${one.area.dataset.value}` : none;
  const range = one ? makeRange(one.area, one.start, one.end) : null;
  highlight(range);
  if (!range) return;
  one.area.scrollTop += range.getBoundingClientRect().top - one.area.getBoundingClientRect().top - one.area.clientHeight / 3;
  scrollBy(0, range.getBoundingClientRect().top - innerHeight / 3);
}

function goToFound() {
  const one = found[place];
  if (!one) return putCaret(listAreas()[0]);
  one.area.focus({ preventScroll: true });
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(makeRange(one.area, one.start, one.end));
  return undefined;
}

function choose(button) {
  better = button.dataset.value;
  for (const one of element.querySelectorAll('[data-review=better]')) one.setAttribute('aria-pressed', String(one === button));
  find('form.aa-look').hidden = false;
  find('#aa-why').focus();
}

const ACTS = {
  decide: (button) => (button.dataset.value in WANTED ? startPicking(button.dataset.value) : send('judge', { decision: button.dataset.value })),
  undo: () => send('undo'),
  compare: () => send('compare'),
  show: () => send('show'),
  read: (button) => send('read', { document: button.dataset.document }),
  take: () => take(last ?? (found[place] ? makeSpan(found[place].area, found[place].start, found[place].end) : null)),
  save,
  cancel: stopPicking,
  drop: (button) => { chosen.splice(Number(button.dataset.value), 1); showPicking(); tell(WANTED[picking]); putCaret(listAreas()[0]); },
  better: choose,
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-review]');
  if (button) ACTS[button.dataset.review]?.(button);
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  if (better) send('prefer', { better, why: find('#aa-why').value });
});

// Nothing changes the text of an area.
for (const name of ['beforeinput', 'paste', 'drop', 'dragstart']) {
  element.addEventListener(name, (event) => { if (event.target.closest?.('.aa-choosable')) event.preventDefault(); });
}

element.addEventListener('input', (event) => { if (event.target.id === 'aa-look') look(event.target.value); });

document.addEventListener('selectionchange', () => {
  const node = getSelection().anchorNode;
  if (picking && node && listAreas().some((area) => area.contains(node))) last = readSelection();
});

function pressInField(event) {
  const { target } = event;
  if (event.key === 'Escape') {
    if (target.id === 'aa-look' && target.value) goToFound();
    else if (picking) stopPicking();
    else find('#aa-reviewed').focus();
  } else if (target.id === 'aa-look' && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    if (found.length) place = (place + (event.key === 'ArrowDown' ? 1 : -1) + found.length) % found.length;
    showFound(target.value);
  } else if (target.id === 'aa-look' && event.key === 'Enter') {
    const one = found[place];
    take(one ? makeSpan(one.area, one.start, one.end) : null);
  } else if (target.matches('.aa-choosable') && event.key === 'Enter') {
    take(readSelection());
  } else if (target.matches('.aa-choosable') && event.key.length === 1 && event.key !== ' ') {
    find('#aa-look').value = '';
    find('#aa-look').focus(); // what is typed goes there
    return;
  } else {
    return;
  }
  event.preventDefault();
}

// The keys work while the focus is in this tab, on its name or nowhere, but not in a text field.
document.addEventListener('keydown', (event) => {
  if (!element.offsetHeight || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const { target } = event;
  const inside = element.closest('#aa-reviewing').contains(target);
  if (inside && target.matches('input, textarea, [contenteditable]')) return pressInField(event);
  if (!inside && target !== document.body && target.id !== 'aa-review-tab-button') return undefined;
  if (event.key === 'Escape' && picking) return stopPicking();
  if (picking || event.key.length !== 1 || event.key === ' ') return undefined;
  const pressed = CSS.escape(event.key.toLowerCase());
  const button = element.closest('#aa-reviewing').querySelector(`button[data-key="${pressed}"], summary[data-key="${pressed}"]`);
  if (!button) return undefined;
  event.preventDefault();
  button.click();
  return undefined;
});

function showNew() {
  const now = find('.aa-review')?.dataset.key ?? '';
  const had = acted;
  acted = '';
  last = null;
  better = '';
  if (now !== key) {
    key = now;
    picking = '';
    chosen = [];
  } else if (picking === 'wrong') {
    chosen = []; // it was refused
  }
  look('');
  showPicking();
  if (picking && find('.aa-error')) tell(find('.aa-error').textContent);
  else if (picking) tell(WANTED[picking]);
  if (!had) return;
  const whole = had === 'read' ? find('.aa-whole') : null;
  if (whole && picking) putCaret(whole);
  else if (whole) whole.focus();
  else if (picking) putCaret(listAreas()[0]);
  else {
    scrollTo(0, 0);
    find('#aa-reviewed')?.focus();
  }
}

watch('value', showNew);
showNew();
