import { fileURLToPath } from 'node:url';

import tailwindcss from '@tailwindcss/vite';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path('src/workbench'),
  base: '/workbench/',
  // The server writes its own path into the page; scripts and styles name each other relative to themselves.
  experimental: { renderBuiltUrl: (_, { hostType }) => (hostType === 'html' ? undefined : { relative: true }) },
  plugins: [vue(), tailwindcss()],
  resolve: { alias: { '@shared': path('src/shared') } },
  define: { __VUE_I18N_LEGACY_API__: 'false', __VUE_I18N_FULL_INSTALL__: 'false', __INTLIFY_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: path('dist/workbench'),
    emptyOutDir: true,
    // The page's Content-Security-Policy has no `data:` for scripts and fonts; small files stay files.
    assetsInlineLimit: 0,
    // The bars of Vite's own polyfill are an inline script; every browser that we support preloads modules itself.
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
});
