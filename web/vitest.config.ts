// Unit tests read the sources by the same names as the builds do.
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

export default defineConfig({ resolve: { alias: { '@shared': fileURLToPath(new URL('src/shared', import.meta.url)) } } });
