// The conversation that this tab shows, and whether the server is there and what it holds.
// The server sends changes: {conversation, put: [records], drop: [keys], shown: [marks]}. They are applied to what is
// stored, so that a tab never overwrites what another one has added. The value is then the open conversation again.
const DRAFT = 'ask-articles-draft';
const OPEN = 'ask-articles-open';
const ENCRYPTED = 'ask-articles-conversation-1'; // of the first version, see page.py
const LOST = 'The server of this page does not answer. Start it again: your questions are kept in this browser.';
const RESTARTED = 'The server of this page was started again. Save this conversation, then reload the page.';
const UNANSWERED = 'Not answered, because the server of this page does not answer.';

let open = '';

function readKept(name) {
  try { return sessionStorage.getItem(name); } catch { return null; }
}

function setKept(name, text) {
  try { sessionStorage.setItem(name, text); } catch { /* a browser may refuse access to its storage */ }
}

function dropKept(name) {
  try { localStorage.removeItem(name); } catch { /* as above */ }
}

function sendOpen() {
  const { title, records } = readConversation(open);
  const text = JSON.stringify({ conversation: open, title, records });
  // The value is put into the page as markup.
  props.value = text.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}

function showOpen() {
  sendOpen();
  trigger('restore');
}

function openConversation(name) {
  open = name;
  setKept(OPEN, name);
  showOpen();
}

// What of a record can change while the server answers: see write_change in conversation.py.
function markRecord({ key, signature, rating, correction }) { return [key, signature, rating, correction]; }

watch('value', () => {
  let change = null;
  try { change = JSON.parse(props.value); } catch { return; }
  if (!change.put) return;
  const { conversation: name, put, drop, shown } = change;
  if (name && !deleted.has(name)) {
    writeRecords(name, put, drop);
    drawList();
    // A conversation that is named after its first question was taken over.
    if (put[0]?.key === name && !unsaved.size) dropKept(ENCRYPTED);
    if (put[0]?.key === name && !readConversation(open).records.length) openConversation(name);
  }
  sendOpen();
  // Another tab has asked or got its answer, or another conversation was opened while the answer was on its way.
  const held = readConversation(open).records.map(markRecord);
  if (name !== open || JSON.stringify(held) !== JSON.stringify(shown)) trigger('restore');
});

window.addEventListener('storage', ({ key, newValue, storageArea }) => {
  const name = key === null ? '' : nameOf(key);
  if (storageArea !== localStorage || (key !== null && !name)) return;
  if (newValue === null) {
    unsaved.delete(key);
    retryUnsaved();
  }
  if (name && newValue === null && !readConversation(name).records.length) deleted.add(name);
  else deleted.delete(name);
  if (deleted.has(open)) openConversation(makeName());
  else if (name === open && key.startsWith(TITLE)) sendOpen();
  else if (key === null || name === open) showOpen();
  drawList();
});

// What is being typed survives the reload after a restart of the server.
window.addEventListener('pagehide', () => {
  setKept(DRAFT, document.querySelector('#aa-question textarea')?.value ?? '');
  carryUnsaved();
});

function restoreDraft() {
  const box = document.querySelector('#aa-question textarea');
  if (!box) {
    setTimeout(restoreDraft, 100); // not on the page yet
    return;
  }
  tellUnsaved();
  const draft = readKept(DRAFT);
  if (!draft || box.value) return;
  box.value = draft;
  box.dispatchEvent(new Event('input', { bubbles: true }));
}

function refresh() {
  const find = () => document.querySelector('#aa-articles .aa-scroll');
  const top = find()?.scrollTop;
  trigger('refresh');
  if (!top) return;
  const observer = new MutationObserver(() => { if (find()) find().scrollTop = top; });
  observer.observe(document.querySelector('#aa-articles'), { childList: true, subtree: true });
  setTimeout(() => observer.disconnect(), 1500);
}

function tellLost(text) {
  const line = document.querySelector('#aa-lost');
  if (!line || line.textContent === text) return;
  line.hidden = text === '';
  line.textContent = text;
  if (text) document.querySelectorAll('.aa-busy').forEach((busy) => { busy.textContent = UNANSWERED; });
}

let known = null;
async function look() {
  if (document.visibilityState === 'hidden') return;
  let state = null;
  try {
    state = await (await fetch(new URL('state', document.baseURI))).json();
  } catch { /* it does not answer */ }
  // A server that was started again knows nothing of this page.
  const restarted = Boolean(state && known && known.started !== state.started);
  if (restarted && carryUnsaved()) window.location.reload();
  tellLost(restarted ? RESTARTED : state ? '' : LOST);
  if (!state || restarted) return;
  if (known && known.version !== state.version) refresh();
  known = state;
}

async function keepLooking() {
  await look();
  setTimeout(keepLooking, 3000);
}

setTimeout(() => {
  takeEarlier();
  takeUnsaved();
  const kept = readKept(OPEN) ?? '';
  open = NAME.test(kept) ? kept : listConversations()[0]?.name ?? makeName();
  setKept(OPEN, open);
  showOpen();
  restoreDraft();
  keepLooking();
});
