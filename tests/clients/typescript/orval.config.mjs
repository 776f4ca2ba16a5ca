// The same document twice: functions that ask, and schemas that check what is answered.
const of = (client, fileExtension) => ({
  input: { target: 'openapi.json' },
  output: { mode: 'single', target: `orval/${client}${fileExtension}`, client, fileExtension, baseUrl: { runtime: "process.env['DESK_URL'] ?? ''" } },
});

export default { fetch: of('fetch', '.ts'), zod: of('zod', '.ts') };
