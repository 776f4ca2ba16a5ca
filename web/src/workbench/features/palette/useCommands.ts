// What the palette offers for what is typed.
import { MessageSquare, Moon, Sun, Zap, type LucideIcon } from '@lucide/vue';
import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { useRouter } from 'vue-router';

import { may } from '../../api/sign_in';
import type { Summary } from '../../api/types';
import { isOpenTo } from '../../router';
import { usePreferences } from '../../stores/preferences';
import { fetchPage } from '../../stores/session_pages';
import { useSessions } from '../../stores/sessions';
import { nameOf } from '../inbox/names';
import { NO_FILTER } from '../inbox/views';
import { MAIN, SETTINGS } from '../shell/pages';
import { bindings } from './keys';

export interface Command {
  id: string;
  group: 'session' | 'page' | 'open' | 'preference';
  label: string;
  detail?: string;
  key?: string;
  icon: LucideIcon;
  run: () => void;
}

const SHOWN_SESSIONS = 8;
const IS_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The server looks through all messages: not with every letter. */
const SEARCH_AFTER_MS = 250;

export function useCommands(query: Ref<string>): { commands: ComputedRef<Command[]>; isSearching: Ref<boolean> } {
  const { t } = useI18n();
  const router = useRouter();
  const sessions = useSessions();
  const { preferences } = usePreferences();

  const actions = computed(() =>
    [...bindings]
      .filter(({ group, isOn }) => group === 'session' && isOn?.() !== false)
      .map(({ key, label, run }): Command => ({
        id: `do ${label}`, group: 'session', label: t(label), key, icon: Zap, run: () => run(new KeyboardEvent('keydown')),
      })),
  );

  const pages = computed(() =>
    [...MAIN, ...SETTINGS]
      .filter(({ needs }) => isOpenTo(needs))
      .map(({ name, label, icon }): Command => ({
        id: `page ${name}`, group: 'page', label: t(label), icon, run: () => void router.push({ name }),
      })),
  );

  const likes = computed((): Command[] => [
    { id: 'light', group: 'preference', label: t('theme.light'), icon: Sun, run: () => void (preferences.theme = 'light') },
    { id: 'dark', group: 'preference', label: t('theme.dark'), icon: Moon, run: () => void (preferences.theme = 'dark') },
  ]);

  const needle = computed(() => query.value.trim().toLowerCase());
  const { found, isSearching } = useSearch(needle);
  /** What is loaded is there at once; what the server finds comes after it. */
  const openings = computed(() => {
    const loaded = [...sessions.rows.values()].filter((row) => `${row.session_name} ${row.user_profile.nickname} ${row.session_id}`.toLowerCase().includes(needle.value));
    const byId = new Map([...loaded, ...found.value].map((row) => [row.session_id, row]));
    const named = [...byId.values()].slice(0, SHOWN_SESSIONS).map((row) => opening(row.session_id, nameOf(row), t(`status.${row.status}`)));
    // An id says all there is to say.
    return IS_ID.test(needle.value) && named.length === 0 ? [opening(needle.value, needle.value)] : named;
  });

  const opening = (id: string, label: string, detail?: string): Command => ({
    id, group: 'open', label, ...(detail && { detail }), icon: MessageSquare, run: () => void router.push({ name: 'inbox', params: { id } }),
  });

  const commands = computed(() => {
    const named = [...actions.value, ...pages.value, ...likes.value].filter(({ label }) => label.toLowerCase().includes(needle.value));
    return needle.value === '' ? named : [...named, ...openings.value];
  });
  return { commands, isSearching };
}

/** Sessions that the server finds by words in names and messages; those of an earlier question are never shown. */
function useSearch(needle: Ref<string>): { found: ShallowRef<Summary[]>; isSearching: Ref<boolean> } {
  const found = shallowRef<Summary[]>([]);
  const isSearching = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function search(words: string): Promise<void> {
    const page = await fetchPage('all', { ...NO_FILTER, keyword: words }, null).catch(() => null);
    if (needle.value !== words) return;
    found.value = page?.sessions ?? [];
    isSearching.value = false;
  }

  watch(needle, (words) => {
    clearTimeout(timer);
    found.value = [];
    isSearching.value = words !== '' && may('session:read');
    if (isSearching.value) timer = setTimeout(() => void search(words), SEARCH_AFTER_MS);
  });
  onScopeDispose(() => clearTimeout(timer));
  return { found, isSearching };
}
