// The list of conversations, in a dialog at the side. It is made here, because only the browser knows them.
const MOST_LISTED = 200;
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });

let undo = null; // {conversation, open} of the conversation that was deleted last

function findDrawer() { return document.querySelector('#aa-drawer'); }

function count(number, noun) { return `${number} ${noun}${number === 1 ? '' : 's'}`; }

function describe({ records }) {
  const day = new Date(records[records.length - 1].asked);
  return [count(records.length, 'question'), ...(Number.isNaN(day.getTime()) ? [] : [DAY.format(day)])].join(' · ');
}

function fold(text) { return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase(); }

// The words of its title, questions, answers and quotes.
function listWords(conversation) {
  const words = [titleOf(conversation)];
  for (const { question, answer, correction } of conversation.records) {
    words.push(question, correction, answer?.text, answer?.short, answer?.reason);
    if (Array.isArray(answer?.citations)) words.push(...answer.citations.map((citation) => citation?.quote));
  }
  return fold(words.filter((word) => typeof word === 'string').join('\n'));
}

function findConversations(wanted) {
  const needles = fold(wanted).split(/\s+/).filter(Boolean);
  const all = listConversations();
  return { all, found: needles.length ? all.filter((one) => { const held = listWords(one); return needles.every((n) => held.includes(n)); }) : all };
}

function makeRow(template, conversation) {
  const row = template.content.firstElementChild.cloneNode(true);
  const title = titleOf(conversation);
  row.dataset.name = conversation.name;
  row.querySelector('.aa-row-title').textContent = title;
  row.querySelector('.aa-note').textContent = describe(conversation);
  if (conversation.name === open) row.querySelector('[data-talk=open]').setAttribute('aria-current', 'true');
  for (const verb of ['Rename', 'Delete']) {
    row.querySelector(`[data-talk=${verb.toLowerCase()}]`).setAttribute('aria-label', `${verb}: ${title}`);
  }
  row.querySelector('input').value = title;
  row.querySelector('input').maxLength = LONGEST_TITLE;
  return row;
}

// A title that is being typed stays when another tab's answer draws the list again.
function findRenaming(name) { return findDrawer().querySelector(`.aa-renaming[data-name="${name}"]`); }

function keepFocus(drawer, change) {
  const box = drawer.querySelector('ul').contains(document.activeElement) ? document.activeElement : null;
  const [name, act] = [box?.closest('[data-name]').dataset.name, box?.dataset.talk];
  const range = [box?.selectionStart, box?.selectionEnd];
  change();
  if (!box) return;
  const same = act && drawer.querySelector(`[data-name="${name}"] [data-talk=${act}]`);
  (box.isConnected ? box : same)?.focus();
  if (box.isConnected && box.matches('input')) box.setSelectionRange(...range);
}

function drawList() {
  const drawer = findDrawer();
  if (!drawer?.open) return;
  const { all, found } = findConversations(drawer.querySelector('#aa-wanted').value);
  const shown = found.slice(0, MOST_LISTED);
  const rows = shown.map((one) => findRenaming(one.name) ?? makeRow(drawer.querySelector('template'), one));
  keepFocus(drawer, () => drawer.querySelector('ul').replaceChildren(...rows));
  const none = all.length ? 'No conversation has these words.' : 'Your conversations are listed here. This browser keeps them.';
  const some = shown.length < all.length ? `${shown.length} of ${count(all.length, 'conversation')}` : count(all.length, 'conversation');
  drawer.querySelector('#aa-listed').textContent = shown.length ? some : none;
}

function tellDeleted() {
  const line = findDrawer().querySelector('#aa-deleted');
  line.hidden = undo === null;
  line.querySelector('span').textContent = undo ? `“${titleOf(undo.conversation)}” is deleted.` : '';
}

function closeDrawer() {
  findDrawer().close();
  document.querySelector('#aa-question textarea')?.focus();
}

const ACTS = {
  list() {
    undo = null;
    findDrawer().querySelector('#aa-wanted').value = '';
    findDrawer().showModal();
    tellDeleted();
    drawList();
    findDrawer().querySelector('#aa-wanted').focus();
  },
  new() {
    openConversation(makeName());
    closeDrawer();
  },
  open(name) {
    openConversation(name);
    closeDrawer();
  },
  rename(_, row) {
    row.classList.add('aa-renaming');
    row.querySelector('input').select();
  },
  cancel(_, row) {
    row.classList.remove('aa-renaming');
    row.querySelector('[data-talk=rename]').focus();
  },
  delete(name) {
    undo = { conversation: deleteConversation(name), open: name === open };
    if (undo.open) openConversation(makeName());
    drawList();
    tellDeleted();
    findDrawer().querySelector('[data-talk=undo]').focus();
  },
  undo() {
    if (!undo) return;
    const { name } = undo.conversation;
    bringBack(undo.conversation);
    if (undo.open) openConversation(name);
    undo = null;
    drawList();
    tellDeleted();
    focusRow(name);
  },
};

function focusRow(name) { findDrawer().querySelector(`[data-name="${name}"] [data-talk=open]`)?.focus(); }

document.addEventListener('click', (event) => {
  if (event.target === findDrawer()) findDrawer().close(); // beside the list
  const button = event.target.closest('button[data-talk]');
  if (!button) return;
  const row = button.closest('[data-name]');
  ACTS[button.dataset.talk]?.(row?.dataset.name, row);
});

document.addEventListener('submit', (event) => {
  const row = event.target.closest('#aa-drawer [data-name]');
  if (!row) return;
  event.preventDefault();
  const { name } = row.dataset;
  const title = row.querySelector('input').value.replace(/\s+/g, ' ').trim();
  writeTitle(name, title);
  if (name === open) sendOpen();
  row.classList.remove('aa-renaming');
  drawList();
  focusRow(name);
});

document.addEventListener('keydown', (event) => {
  const row = event.key === 'Escape' && event.target.closest?.('#aa-drawer .aa-renaming');
  if (!row) return;
  event.preventDefault(); // the list stays open
  ACTS.cancel('', row);
});

document.addEventListener('input', (event) => { if (event.target.id === 'aa-wanted') drawList(); });
