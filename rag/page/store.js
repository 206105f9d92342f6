// The conversations in this browser. Each question is one entry of its storage, and so is each title that was given: two
// tabs may write at the same moment, and the browser then keeps only one of two writings of the same entry. What is read
// back could have been written by anything, so it is checked and bounded.
const RECORD = 'ask-articles-question/'; // then conversation/key
const TITLE = 'ask-articles-title/'; // then conversation
const WHOLE = 'ask-articles-conversation/'; // a conversation in one entry, {title, records}, of an earlier version
const SINGLE = 'ask-articles-conversation-2'; // a list of records, before there could be several conversations
const UNSAVED = 'ask-articles-unsaved';
const NAME = /^[0-9a-f]{8,32}$/;
const MOST_RECORDS = 100; // twice as many as the page lets a conversation have: two tabs may add to it
const LONGEST_TITLE = 100;
const FULL = 'This browser has no room for more conversations: delete some. Until then, this one stays in this tab only.';
const REFUSED = 'This browser keeps nothing for this page: save the conversation before you close this tab.';

const unsaved = new Map(); // entries that the browser did not take
const deleted = new Set(); // so that an answer on its way does not bring a conversation back
const parsed = new Map();

function makeName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (n) => n.toString(16).padStart(2, '0')).join('');
}

function isRecord(record) {
  return record !== null && typeof record === 'object' && typeof record.question === 'string'
    && typeof record.asked === 'string' && typeof record.key === 'string' && NAME.test(record.key);
}

// The conversation that an entry belongs to; empty if it is none of a conversation.
function nameOf(entry) {
  const prefix = [RECORD, TITLE].find((one) => entry.startsWith(one));
  const name = prefix ? entry.slice(prefix.length).split('/')[0] : '';
  return NAME.test(name) ? name : '';
}

function readText(entry) {
  if (unsaved.has(entry)) return unsaved.get(entry);
  try { return localStorage.getItem(entry); } catch { return null; } // it may be refused
}

function writeText(entry, text) {
  unsaved.delete(entry);
  try {
    if (text) localStorage.setItem(entry, text);
    else localStorage.removeItem(entry);
  } catch (error) {
    if (text) unsaved.set(entry, text);
    tellUnsaved(error.name === 'QuotaExceededError' ? FULL : REFUSED);
  }
}

function listEntries() {
  let stored = [];
  try { stored = Object.keys(localStorage); } catch { /* as above */ }
  return [...new Set([...unsaved.keys(), ...stored])];
}

function parse(text) {
  try { return JSON.parse(text); } catch { return null; }
}

function readRecord(entry) {
  const text = readText(entry);
  if (parsed.get(entry)?.text !== text) parsed.set(entry, { text, record: parse(text) });
  const { record } = parsed.get(entry);
  return isRecord(record) && entry.endsWith(`/${record.key}`) ? record : null;
}

function compare(a, b) { return a < b ? -1 : a > b ? 1 : 0; }

function makeConversation(name, records) {
  const sorted = records.sort((a, b) => compare(a.asked, b.asked) || compare(a.key, b.key));
  return { name, title: (readText(TITLE + name) ?? '').slice(0, LONGEST_TITLE), records: sorted.slice(-MOST_RECORDS) };
}

function readConversation(name) {
  const entries = listEntries().filter((entry) => entry.startsWith(`${RECORD}${name}/`));
  return makeConversation(name, entries.map(readRecord).filter(Boolean));
}

let unsavedReason = '';

function tellUnsaved(reason) {
  unsavedReason = reason ?? unsavedReason;
  const line = document.querySelector('#aa-unsaved');
  if (!line) return;
  line.hidden = unsaved.size === 0;
  line.textContent = unsaved.size === 0 ? '' : unsavedReason || FULL;
}

function writeTitle(name, title) {
  writeText(TITLE + name, readConversation(name).records.length ? title : ''); // another tab may have deleted it
  tellUnsaved();
}

// Changes a conversation: writes some records and removes those with some keys.
function writeRecords(name, put, drop = []) {
  for (const key of drop) writeText(`${RECORD}${name}/${key}`, '');
  for (const record of put) writeText(`${RECORD}${name}/${record.key}`, JSON.stringify(record));
  if (!readConversation(name).records.length) writeText(TITLE + name, '');
  retryUnsaved();
}

// There may be room by now.
function retryUnsaved() {
  for (const [entry, text] of [...unsaved]) writeText(entry, text);
  tellUnsaved();
}

function deleteConversation(name) {
  const conversation = readConversation(name);
  deleted.add(name);
  for (const entry of listEntries()) if (nameOf(entry) === name) writeText(entry, '');
  writeText(WHOLE + name, '');
  retryUnsaved();
  return conversation;
}

function bringBack({ name, title, records }) {
  deleted.delete(name);
  writeRecords(name, records);
  writeTitle(name, title);
}

// All conversations, the one with the latest question first.
function listConversations() {
  const records = new Map();
  for (const entry of listEntries()) {
    const name = entry.startsWith(RECORD) && nameOf(entry);
    const record = name && readRecord(entry);
    if (record) records.set(name, [...(records.get(name) ?? []), record]);
  }
  const latest = (conversation) => conversation.records[conversation.records.length - 1].asked;
  const found = [...records].map(([name, some]) => makeConversation(name, some));
  return found.sort((a, b) => compare(latest(b), latest(a)));
}

function titleOf({ title, records }) {
  return title || (records[0]?.question ?? '').replace(/\s+/g, ' ').trim().slice(0, LONGEST_TITLE);
}

// Entries for a conversation as an earlier version kept it.
function splitWhole(name, whole) {
  if (!NAME.test(name) || !Array.isArray(whole?.records)) return [];
  const records = whole.records.filter(isRecord).slice(-MOST_RECORDS);
  const made = records.map((record) => [`${RECORD}${name}/${record.key}`, JSON.stringify(record)]);
  return records.length && whole.title && typeof whole.title === 'string' ? [...made, [TITLE + name, whole.title]] : made;
}

// Storage that is full has no room for a conversation twice, so the old entry goes first. If the new ones do not fit all
// the same, it comes back, and they stay in this tab.
function replaceWhole(old, made) {
  const text = localStorage.getItem(old);
  localStorage.removeItem(old);
  const missing = made.filter(([entry]) => readText(entry) === null);
  for (const one of missing) writeText(...one);
  if (!missing.some(([entry]) => unsaved.has(entry))) return;
  for (const [entry, value] of missing) {
    localStorage.removeItem(entry);
    unsaved.set(entry, value);
  }
  localStorage.setItem(old, text);
}

// What earlier versions kept. Its names are made from what it holds, so that two tabs that find it at once make the same
// of it: that of a single conversation is the key of its first question.
function takeEarlier() {
  try {
    for (const old of Object.keys(localStorage)) {
      const found = parse(localStorage.getItem(old));
      if (old.startsWith(WHOLE)) replaceWhole(old, splitWhole(old.slice(WHOLE.length), found));
      if (old === SINGLE) replaceWhole(old, splitWhole(found?.find?.(isRecord)?.key ?? '', { records: found }));
    }
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
    for (const [entry, text] of JSON.parse(sessionStorage.getItem(UNSAVED) ?? '[]')) {
      if (typeof text === 'string' && nameOf(entry)) unsaved.set(entry, text);
      for (const [made, value] of splitWhole(entry, text)) unsaved.set(made, value);
    }
  } catch { /* nothing was carried */ }
  retryUnsaved();
}
