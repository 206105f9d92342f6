// The conversation: brings a new question to the top, and makes the text field's keys work on it.

// Scrolls to a new question. Its answer then grows below without moving the text being read.
let latest = '';
watch('value', () => {
  const shown = element.querySelectorAll('.aa-exchange');
  const key = shown.length ? shown[shown.length - 1].dataset.key : '';
  if (shown.length > 1 && key !== latest) shown[shown.length - 1].scrollIntoView({ block: 'start' });
  latest = key;
});

// For the style, which keeps the text field at the bottom of the window and leaves room above it for an answer.
const composer = document.getElementById('aa-composer');
new ResizeObserver(() => {
  if (!composer.offsetHeight) return; // the other tab is shown
  const { style } = document.documentElement;
  style.setProperty('--aa-composer', `${composer.offsetHeight}px`);
  style.setProperty('--aa-top', `${composer.parentElement.getBoundingClientRect().top + scrollY}px`);
}).observe(composer);

function recallQuestion(box) {
  const asked = element.querySelectorAll('.aa-question');
  if (!asked.length) return false;
  box.value = asked[asked.length - 1].textContent;
  // Tells Gradio.
  box.dispatchEvent(new Event('input', { bubbles: true }));
  return true;
}

document.addEventListener('keydown', (event) => {
  const box = event.target;
  if (!box.matches?.('#aa-question textarea')) return;
  if (event.key === 'ArrowUp' && box.value === '') {
    if (recallQuestion(box)) event.preventDefault();
  } else if (event.key === 'Tab' && event.shiftKey) {
    // The way back leads to the latest answer's chips first. The buttons below the answer follow after them.
    const chips = element.querySelectorAll('.aa-exchange:last-child a[data-card]');
    if (!chips.length) return;
    event.preventDefault();
    chips[chips.length - 1].focus();
  }
});
