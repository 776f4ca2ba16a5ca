import { createPinia } from 'pinia';
import { createApp } from 'vue';

import App from './App.vue';
import { i18n, preferred, use } from './i18n';
import { router } from './router';
import { usePreferences } from './stores/preferences';
import './style.css';

const app = createApp(App);
app.use(createPinia());
await use(preferred(usePreferences().preferences.locale));
app.use(i18n);
app.use(router);
app.mount('#app');
