// The pages' types are those of the document that this very program serves.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { typesAtHand, typesOf } from '../../web/scripts/types.mjs';
import { Desk } from './desk.mjs';

test('the types of web/ are made from the OpenAPI document of today: else run npm run types', async () => {
  const desk = await Desk.start();
  try {
    const document = await (await fetch(`${desk.url}openapi.json`)).json();
    assert.ok((await typesAtHand()) === (await typesOf(document)), 'web/src/shared/api/schema.d.ts is stale');
  } finally {
    await desk.end();
  }
});
