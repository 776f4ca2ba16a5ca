// What a person likes, kept in this browser: theme, language, widths of panes, saved views, sound.
import { defineStore } from 'pinia';
import { reactive, watch } from 'vue';

import { isObject } from '@shared/storage';

import { storage } from '../api/storage';
import { NO_FILTER, type Filter, type View } from '../features/inbox/views';

export type Theme = 'system' | 'light' | 'dark';

export interface SavedView {
  name: string;
  view: View;
  filter: Filter;
}

interface Preferences {
  theme: Theme;
  locale: string;
  listWidth: number;
  sideWidth: number;
  isSideOpen: boolean;
  isSoundOn: boolean;
  savedViews: SavedView[];
}

const KEY = 'preferences';
const VIEWS: readonly unknown[] = ['mine', 'queue', 'all'] satisfies View[];
const DEFAULTS: Preferences = {
  theme: 'system',
  locale: '',
  listWidth: 340,
  sideWidth: 320,
  isSideOpen: true,
  isSoundOn: true,
  savedViews: [],
};

/** Of what is stored, what is as it should be: an earlier version of ours, or somebody else, may have written anything. */
function load(): Preferences {
  const stored = storage.readJson(KEY);
  const known = isObject(stored) ? stored : {};
  const same = Object.entries(DEFAULTS).filter(([name, value]) => typeof known[name] === typeof value);
  const taken = Object.fromEntries(same.map(([name]) => [name, known[name]])) as Partial<Preferences>;
  const views = Array.isArray(known.savedViews) ? known.savedViews.map(savedView) : [];
  return { ...DEFAULTS, ...taken, savedViews: views.filter((view) => view !== null) };
}

function savedView(stored: unknown): SavedView | null {
  if (!isObject(stored) || typeof stored.name !== 'string' || !VIEWS.includes(stored.view)) return null;
  const filter = isObject(stored.filter) ? stored.filter : {};
  const texts = Object.keys(NO_FILTER).filter((name) => typeof filter[name] === 'string');
  const taken = Object.fromEntries(texts.map((name) => [name, filter[name]])) as Partial<Filter>;
  return { name: stored.name, view: stored.view as View, filter: { ...NO_FILTER, ...taken } };
}

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

function applyTheme(theme: Theme): void {
  const isDark = theme === 'dark' || (theme === 'system' && systemIsDark.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}

export const usePreferences = defineStore('preferences', () => {
  const preferences = reactive(load());
  watch(preferences, () => storage.write(KEY, JSON.stringify(preferences)));
  watch(() => preferences.theme, applyTheme, { immediate: true });
  systemIsDark.addEventListener('change', () => applyTheme(preferences.theme));
  return { preferences };
});
