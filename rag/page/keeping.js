// Keeps the conversation in this browser, for all its tabs, and looks whether the server is there and what it holds.
// The server sends changes: {put: [records], drop: [keys], clear, shown: [keys]}. They are applied to what is stored,
// so that a tab never overwrites what another one has added. The value is then the whole conversation again.
const STORED = 'ask-articles-conversation-2';
const DRAFT = 'ask-articles-draft';
const MOST = 50;
const LOST = 'The server of this page does not answer. Start it again: your questions are kept in this browser.';
const UNANSWERED = 'Not answered, because the server of this page does not answer.';

let latest = [];

function readStored() {
  try {
    const records = JSON.parse(localStorage.getItem(STORED) || '[]');
    return Array.isArray(records) ? records : [];
  } catch {
    return latest;
  }
}

function store(records) {
  latest = records;
  // Without the oldest ones if the browser's storage is full.
  for (let first = 0; first <= records.length; first += 1) {
    try {
      localStorage.setItem(STORED, JSON.stringify(records.slice(first)));
      return;
    } catch { /* tried again with fewer */ }
  }
}

function setValue(records) {
  // The value is put into the page as markup.
  props.value = JSON.stringify(records).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}

function apply(change) {
  const put = new Map(change.put.map((record) => [record.key, record]));
  const left = change.clear ? [] : readStored().filter(({ key }) => !change.drop.includes(key));
  const changed = left.map((record) => put.get(record.key) ?? record);
  const known = new Set(left.map(({ key }) => key));
  const records = [...changed, ...change.put.filter(({ key }) => !known.has(key))];
  records.sort((a, b) => (a.asked < b.asked ? -1 : a.asked > b.asked ? 1 : 0));
  return records.slice(-MOST);
}

watch('value', () => {
  let change = null;
  try { change = JSON.parse(props.value); } catch { return; }
  if (Array.isArray(change)) return;
  const records = apply(change);
  store(records);
  setValue(records);
  // Another tab has asked too.
  if (records.map(({ key }) => key).join() !== change.shown.join()) trigger('restore');
});

window.addEventListener('storage', (event) => {
  if (event.key !== STORED && event.key !== null) return;
  setValue(readStored());
  trigger('restore');
});

// What is being typed survives the reload after a restart of the server.
window.addEventListener('pagehide', () => {
  const box = document.querySelector('#aa-question textarea');
  try { sessionStorage.setItem(DRAFT, box?.value ?? ''); } catch { /* a browser may refuse access to its storage */ }
});

function readDraft() {
  try { return sessionStorage.getItem(DRAFT); } catch { return null; }
}

function restoreDraft() {
  const box = document.querySelector('#aa-question textarea');
  if (!box) {
    setTimeout(restoreDraft, 100); // not on the page yet
    return;
  }
  const draft = readDraft();
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

function tellLost(lost) {
  const line = document.querySelector('#aa-lost');
  if (!line || line.hidden === !lost) return;
  line.hidden = !lost;
  line.textContent = lost ? LOST : '';
  if (lost) document.querySelectorAll('.aa-busy').forEach((busy) => { busy.textContent = UNANSWERED; });
}

let known = null;
async function look() {
  if (document.visibilityState === 'hidden') return;
  let state = null;
  try {
    state = await (await fetch(new URL('state', document.baseURI))).json();
  } catch { /* it does not answer */ }
  tellLost(!state);
  if (!state) return;
  // A server that was started again knows nothing of this page.
  if (known && known.started !== state.started) window.location.reload();
  else if (known && known.version !== state.version) refresh();
  known = state;
}

async function keepLooking() {
  await look();
  setTimeout(keepLooking, 3000);
}

setTimeout(() => {
  setValue(readStored());
  trigger('restore');
  restoreDraft();
  keepLooking();
});
