import assert from 'node:assert/strict';
import { test } from 'vitest';

import { merged, optionsOf } from '../options.ts';

test('attributes of the script say how the widget is', () => {
  const options = optionsOf({ language: 'de', position: 'left', theme: 'dark', open: '', launcher: 'false', mode: 'page' });
  const { language, position, theme, open, launcher, mode } = options;
  assert.deepEqual({ language, position, theme, open, launcher, mode }, { language: 'de', position: 'left', theme: 'dark', open: true, launcher: false, mode: 'page' });
});

test('what is none of the known words does not count', () => {
  const options = optionsOf({ position: 'top', theme: 'pink', open: 'false' });
  assert.deepEqual([options.position, options.theme, options.open, options.launcher], ['right', 'auto', false, true]);
});

test('what init is given goes before attributes, and parameters are joined', () => {
  const options = merged({ ...optionsOf({ position: 'left' }), parameters: { shop: 'eu' } }, { position: 'right', open: 'yes', parameters: { cart: 3 } });
  assert.deepEqual([options.position, options.open, options.parameters], ['right', false, { shop: 'eu', cart: 3 }]);
});
