// The language of the desk's own pages: that of `?lang=`, else the browser's, else English. The widget speaks the page's.

const LANGUAGE_TAGS = { zh: 'zh-CN', en: 'en', de: 'de', fr: 'fr', es: 'es', it: 'it' };
const language = [new URLSearchParams(location.search).get('lang'), ...(navigator.languages ?? [])]
  .map((tag) => (tag ?? '').toLowerCase().split('-')[0])
  .find((code) => Object.hasOwn(LANGUAGE_TAGS, code)) ?? 'en';
document.documentElement.lang = LANGUAGE_TAGS[language];
