// The switch between light and dark. Without a choice, the page follows the system, as Gradio does.
const THEME = 'ask-articles-theme';

function readTheme() {
  // A browser may refuse access to its storage.
  try { return localStorage.getItem(THEME); } catch { return null; }
}

function applyTheme(theme) {
  document.body.classList.toggle('dark', theme === 'dark');
}

const chosen = readTheme();
if (chosen) applyTheme(chosen);
// Gradio follows a change of the system. A choice has to hold against it.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => setTimeout(() => {
  if (readTheme()) applyTheme(readTheme());
}));

element.addEventListener('click', (event) => {
  if (!event.target.closest('[data-event=theme]')) return;
  const theme = document.body.classList.contains('dark') ? 'light' : 'dark';
  applyTheme(theme);
  try { localStorage.setItem(THEME, theme); } catch { /* It holds until the page is reloaded. */ }
});
