// Adds files that are dropped anywhere on the page, like the button "Add articles". Without this, the browser would
// leave the page and show the file.
const holdsFiles = ({ dataTransfer }) => Boolean(dataTransfer?.types.includes('Files'));
const showDropping = (shown) => document.documentElement.classList.toggle('aa-dropping', shown);

function findUpload() {
  const button = document.querySelector('#aa-upload');
  return { button, input: button?.parentElement.querySelector('input[type=file]') };
}

// The button does not exist until its tab is opened for the first time.
async function openUpload() {
  document.querySelector('#aa-articles-tab-button')?.click();
  for (let tries = 0; tries < 100; tries += 1) {
    const found = findUpload();
    if (found.input) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  return {};
}

document.addEventListener('dragover', (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  showDropping(true);
});

document.addEventListener('dragleave', ({ relatedTarget }) => { if (!relatedTarget) showDropping(false); });

document.addEventListener('drop', async (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  showDropping(false);
  const { files } = event.dataTransfer;
  const { button, input } = await openUpload();
  if (!input || button.disabled) return; // other files are being added
  input.files = files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
});
