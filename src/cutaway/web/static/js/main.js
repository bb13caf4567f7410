// The page: its frame, and the room that the address names.
import { html, render } from '/static/vendor/preact.js';
import { loadExplorer } from '/static/js/api.js';
import { loadColours } from '/static/js/draw.js';
import { loadWords, t } from '/static/js/words.js';
import { Shell } from '/static/js/shell.js';

const page = document.getElementById('page');
try {
  await loadWords();
  await Promise.all([loadExplorer(), loadColours()]);
  render(html`<${Shell} />`, page);
} catch {
  render(html`<main class="lost"><h1>cutaway</h1><p>${t('lost')}</p></main>`, page);
}
