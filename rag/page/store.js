// The conversations in this browser. Each is one entry of its storage, {title, records}; there is no list of them that
// two tabs could overwrite. What is read back could have been written by anything, so it is checked and bounded.
const PREFIX = 'ask-articles-conversation/';
const SINGLE = 'ask-articles-conversation-2'; // a list of records, before there could be several conversations
const UNSAVED = 'ask-articles-unsaved';
const NAME = /^[0-9a-f]{8,32}$/;
const MOST_RECORDS = 100; // twice as many as the page lets a conversation have: two tabs may add to it
const LONGEST_TITLE = 100;
const FULL = 'This browser has no room for more conversations: delete some. Until then, this one stays in this tab only.';
const REFUSED = 'This browser keeps nothing for this page: save the conversation before you close this tab.';

const unsaved = new Map(); // what the browser did not take
const deleted = new Set(); // so that an answer on its way does not bring a conversation back
const parsed = new Map();

function makeName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (n) => n.toString(16).padStart(2, '0')).join('');
}

function isRecord(record) {
  return record !== null && typeof record === 'object' && typeof record.question === 'string'
    && typeof record.asked === 'string' && typeof record.key === 'string' && NAME.test(record.key);
}

function readEntry(text) {
  let found = null;
  try { found = JSON.parse(text); } catch { return null; }
  if (found === null || typeof found !== 'object' || !Array.isArray(found.records)) return null;
  const title = typeof found.title === 'string' ? found.title.slice(0, LONGEST_TITLE) : '';
  return { title, records: found.records.filter(isRecord).slice(-MOST_RECORDS) };
}

function readStored(name) {
  let text = null;
  try { text = localStorage.getItem(PREFIX + name); } catch { /* it may be refused */ }
  if (text === null) return null;
  if (parsed.get(name)?.text !== text) parsed.set(name, { text, entry: readEntry(text) });
  return parsed.get(name).entry;
}

function readConversation(name) {
  return unsaved.get(name) ?? readStored(name) ?? { title: '', records: [] };
}

function mergeRecords(records, put) {
  const changed = new Map(put.map((record) => [record.key, record]));
  const known = new Set(records.map(({ key }) => key));
  const merged = [...records.map((record) => changed.get(record.key) ?? record), ...put.filter(({ key }) => !known.has(key))];
  return merged.sort((a, b) => (a.asked < b.asked ? -1 : a.asked > b.asked ? 1 : 0));
}

let unsavedReason = '';

function tellUnsaved(reason) {
  unsavedReason = reason ?? unsavedReason;
  const line = document.querySelector('#aa-unsaved');
  if (!line) return;
  line.hidden = unsaved.size === 0;
  line.textContent = unsaved.size === 0 ? '' : unsavedReason || FULL;
}

function writeConversation(name, entry) {
  unsaved.delete(name);
  let reason = null;
  try {
    if (entry.records.length) localStorage.setItem(PREFIX + name, JSON.stringify(entry));
    else localStorage.removeItem(PREFIX + name);
  } catch (error) {
    unsaved.set(name, entry);
    reason = error.name === 'QuotaExceededError' ? FULL : REFUSED;
  }
  tellUnsaved(reason);
}

// Another tab may have added to what did not fit.
function retryUnsaved() {
  for (const [name, { title, records }] of [...unsaved]) {
    writeConversation(name, { title, records: mergeRecords(readStored(name)?.records ?? [], records) });
  }
}

function deleteConversation(name) {
  const entry = readConversation(name);
  deleted.add(name);
  writeConversation(name, { title: '', records: [] });
  retryUnsaved();
  return entry;
}

function listNames() {
  const names = new Set(unsaved.keys());
  try {
    for (let n = 0; n < localStorage.length; n += 1) {
      const key = localStorage.key(n);
      if (key.startsWith(PREFIX)) names.add(key.slice(PREFIX.length));
    }
  } catch { /* as above */ }
  return [...names].filter((name) => NAME.test(name));
}

// All conversations, the one with the latest question first.
function listConversations() {
  const found = listNames().map((name) => ({ name, ...readConversation(name) })).filter(({ records }) => records.length);
  const latest = ({ records }) => records[records.length - 1].asked;
  return found.sort((a, b) => (latest(a) < latest(b) ? 1 : latest(a) > latest(b) ? -1 : 0));
}

function titleOf({ title, records }) {
  return title || (records[0]?.question ?? '').replace(/\s+/g, ' ').trim().slice(0, LONGEST_TITLE);
}

// The one conversation of an earlier version. Its name is the key of its first question, so that two tabs that find it
// at once make the same conversation of it. Storage that is full has no room for it twice.
function takeSingle() {
  try {
    const text = localStorage.getItem(SINGLE);
    if (text === null) return;
    const entry = readEntry(`{"records": ${text}}`);
    localStorage.removeItem(SINGLE);
    if (!entry?.records.length) return;
    const name = entry.records[0].key;
    writeConversation(name, { ...entry, records: mergeRecords(readStored(name)?.records ?? [], entry.records) });
    if (unsaved.has(name)) localStorage.setItem(SINGLE, text);
  } catch { /* nothing was kept */ }
}

// What the browser did not take survives a reload of the tab. Returns whether it does.
function carryUnsaved() {
  try {
    if (unsaved.size) sessionStorage.setItem(UNSAVED, JSON.stringify([...unsaved]));
    else sessionStorage.removeItem(UNSAVED);
    return true;
  } catch {
    return unsaved.size === 0;
  }
}

function takeUnsaved() {
  try {
    const found = JSON.parse(sessionStorage.getItem(UNSAVED) ?? '[]');
    for (const [name, kept] of found) {
      const entry = readEntry(JSON.stringify(kept));
      if (typeof name === 'string' && NAME.test(name) && entry) unsaved.set(name, entry);
    }
  } catch { /* nothing was carried */ }
  retryUnsaved();
}
