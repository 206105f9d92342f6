// Chooses several of the articles that were added, to remove them at once. A file goes with all of its articles, so they
// are chosen together. Only what is shown is chosen: nobody removes what they do not see.
const chosen = new Set(); // names of files

const listBoxes = () => [...element.querySelectorAll('.aa-choose')];
const count = (number, noun) => `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;

function showChosen() {
  const held = new Map(listBoxes().map((box) => [box.value, Number(box.dataset.articles)]));
  for (const file of [...chosen]) if (!held.has(file)) chosen.delete(file);
  if (!held.size) return;
  for (const box of listBoxes()) box.checked = chosen.has(box.value);
  const all = element.querySelector('.aa-choose-all');
  all.checked = chosen.size === held.size;
  all.indeterminate = chosen.size > 0 && !all.checked;
  const articles = [...chosen].reduce((sum, file) => sum + held.get(file), 0);
  const whose = articles === 1 ? 'its' : 'their';
  const files = chosen.size === 1 ? 'file' : count(chosen.size, 'file');
  element.querySelector('.aa-choosing [role=status]').textContent = articles ? `${count(articles, 'article')} chosen` : '';
  const confirm = element.querySelector('.aa-choosing .aa-confirm');
  confirm.hidden = !articles;
  confirm.open = false; // it has been asked about others
  confirm.querySelector('button').textContent = `Yes, remove ${count(articles, 'article')} with ${whose} ${files}`;
}

element.addEventListener('change', ({ target }) => {
  if (!target.matches('.aa-choose, .aa-choose-all')) return;
  const files = target.matches('.aa-choose') ? [target.value] : listBoxes().map((box) => box.value);
  for (const file of files) {
    if (target.checked) chosen.add(file);
    else chosen.delete(file);
  }
  showChosen();
});

element.addEventListener('click', ({ target }) => {
  const button = target.closest('.aa-choosing .aa-confirm button');
  if (!button) return;
  trigger('remove', { documents: [...chosen] });
  button.closest('.aa-confirm').open = false;
});

watch('value', showChosen);
