import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** One classic script without imports, so that a shop embeds it with one tag. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: path('dist/widget'),
    emptyOutDir: true,
    target: 'es2022',
    lib: { entry: path('src/widget/main.ts'), formats: ['iife'], name: 'FiidoDeskWidget', fileName: () => 'widget.js' },
  },
});
