// What was asked of the server, as a page that is drawn again and again waits for it.
import { signal, useEffect, useRef } from '/static/vendor/preact.js';
import { t } from '/static/js/words.js';

// What an answer became: nothing yet, {found} or {error}; asked again when the key changes.
export function useAnswer(key, ask) {
  const state = useRef(signal({})).current;
  useEffect(() => {
    let current = true;
    state.value = { before: state.value.found ?? state.value.before };
    ask().then((found) => { if (current) state.value = { found }; })
      .catch((error) => { if (current) state.value = { error: error.gone ? t('lost') : error.message }; });
    return () => { current = false; };
  }, [key]);
  return state.value;
}
