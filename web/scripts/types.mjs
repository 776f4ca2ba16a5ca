// Types of the API, from the OpenAPI document that a running desk serves (or a file).
//   node scripts/types.mjs [--check] [URL or file]       default: $DESK_OPENAPI, else http://127.0.0.1:8080/openapi.json
// `--check` writes nothing and exits 1 where the types in the repository are not those of the document.
import { readFile, writeFile } from 'node:fs/promises';

import openapiTS, { astToString } from 'openapi-typescript';

const TARGET = new URL('../src/shared/api/schema.d.ts', import.meta.url);
const HEADER = '// Made by `npm run types` from the OpenAPI document. Not edited by hand.\n\n';

/** The text of the types that belong to a document. */
export async function typesOf(document) {
  return HEADER + astToString(await openapiTS(document));
}

/** What is in the repository. */
export const typesAtHand = () => readFile(TARGET, 'utf8').catch(() => '');

async function documentAt(place) {
  if (!/^https?:/.test(place)) return JSON.parse(await readFile(place, 'utf8'));
  const response = await fetch(place);
  if (!response.ok) throw new Error(`${place}: ${response.status}`);
  return response.json();
}

async function main(args) {
  const isCheck = args.includes('--check');
  const place = args.find((arg) => !arg.startsWith('--')) ?? process.env.DESK_OPENAPI ?? 'http://127.0.0.1:8080/openapi.json';
  const types = await typesOf(await documentAt(place));
  if (!isCheck) return writeFile(TARGET, types);
  if (types === (await typesAtHand())) return undefined;
  console.error('src/shared/api/schema.d.ts is not made from this document: run `npm run types`');
  process.exitCode = 1;
  return undefined;
}

if (import.meta.url === new URL(process.argv[1], 'file:').href) await main(process.argv.slice(2));
