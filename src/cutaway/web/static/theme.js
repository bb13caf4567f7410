// Before anything is drawn, so that a dark page never flashes light.
try {
  const chosen = localStorage.getItem('cutaway-theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch { /* storage may be forbidden: the system's choice then */ }
