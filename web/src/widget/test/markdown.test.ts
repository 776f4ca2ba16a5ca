import assert from 'node:assert/strict';
import type { ComponentChild, VNode } from 'preact';
import { test } from 'vitest';

import { completed, parse, safeHref } from '../core/markdown.ts';
import { toNodes } from '../view/Answer.tsx';

interface Node {
  name: string;
  props: Record<string, unknown>;
  children: (Node | string)[];
}

/** What would be built, without what is the same everywhere. */
function nodeOf(vnode: ComponentChild): (Node | string)[] {
  if (Array.isArray(vnode)) return vnode.flatMap(nodeOf);
  if (typeof vnode === 'string') return [vnode];
  if (vnode === null || typeof vnode !== 'object') return [];
  const { type, props } = vnode as VNode<Record<string, unknown>>;
  const { children, ...rest } = props;
  return [{ name: String(type), props: rest, children: nodeOf(children as ComponentChild) }];
}
const built = (text: string) => toNodes(parse(text), 'new tab').flatMap(nodeOf) as Node[];

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
function html(node: Node | string): string {
  if (typeof node === 'string') return escape(node);
  if (node.props.class === 'visually-hidden') return '';
  const attributes = Object.entries(node.props)
    .filter(([name, value]) => value !== undefined && !['target', 'rel', 'tabIndex'].includes(name))
    .map(([name, value]) => ` ${name}="${value}"`);
  return `<${node.name}${attributes.join('')}>${node.children.map(html).join('')}</${node.name}>`;
}
const render = (text: string) => built(text).map(html).join('').replaceAll('</br>', '');

const elements = (nodes: (Node | string)[]): Node[] =>
  nodes.flatMap((node) => (typeof node === 'string' ? [] : [node, ...elements(node.children)]));

const SHOWN: [string, string, string][] = [
  ['paragraphs and line breaks', 'one\ntwo\n\nthree', '<p>one<br>two</p><p>three</p>'],
  ['bold, italics, code', 'a **b** *c* `d` __e__ _f_', '<p>a <strong>b</strong> <em>c</em> <code>d</code> <strong>e</strong> <em>f</em></p>'],
  ['bold beside Chinese', '**注意：**请拔下', '<p><strong>注意：</strong>请拔下</p>'],
  ['bold and italic at once', '***x***', '<p><strong><em>x</em></strong></p>'],
  ['italics in bold', '**a *b* c**', '<p><strong>a <em>b</em> c</strong></p>'],
  ['bold in italics', '*a **b** c*', '<p><em>a <strong>b</strong> c</em></p>'],
  ['stars that are not markers', '2 * 3 * 4 and 5*', '<p>2 * 3 * 4 and 5*</p>'],
  ['stars that are signs of a figure', '80*40*65cm, *80*40*65cm* and 2**3**4', '<p>80*40*65cm, <em>80*40*65cm</em> and 2**3**4</p>'],
  ['stars of a figure beside bold', '**尺寸：**80*40*65cm', '<p><strong>尺寸：</strong>80*40*65cm</p>'],
  ['underscores inside words', 'snake_case_name', '<p>snake_case_name</p>'],
  ['escapes', '\\*no\\* \\[x\\](y) C:\\dir', '<p>*no* [x](y) C:\\dir</p>'],
  ['markers in code stay', '`**a** <b>`', '<p><code>**a** &lt;b></code></p>'],
  ['double ticks', '`` a`b ``', '<p><code>a`b</code></p>'],
  ['fenced code', 'x\n```js\nlet a = "**";\n\n- b\n```\ny', '<p>x</p><pre><code>let a = "**";\n\n- b</code></pre><p>y</p>'],
  ['a fence that is still being written', '```\nabc', '<pre><code>abc</code></pre>'],
  ['heading', '## Range ##\ntext', '<p><strong>Range</strong></p><p>text</p>'],
  ['list', '- a\n- b **c**', '<ul><li><p>a</p></li><li><p>b <strong>c</strong></p></li></ul>'],
  ['ordered list with a start', '3. a\n4. b', '<ol start="3"><li><p>a</p></li><li><p>b</p></li></ol>'],
  ['nested list', '1. a\n   - b\n   - c\n2. d', '<ol><li><p>a</p><ul><li><p>b</p></li><li><p>c</p></li></ul></li><li><p>d</p></li></ol>'],
  ['list right after a line', 'Steps:\n- a\n\nend', '<p>Steps:</p><ul><li><p>a</p></li></ul><p>end</p>'],
  ['loose list', '- a\n\n- b', '<ul><li><p>a</p></li><li><p>b</p></li></ul>'],
  ['range of numbers is no list', '4-8 h\n-5 °C', '<p>4-8 h<br>-5 °C</p>'],
  ['link', '[shop](https://fiido.com/a_(b)?c=1#d)', '<p><a href="https://fiido.com/a_(b)?c=1#d">shop</a></p>'],
  ['link with a title', '[shop](https://fiido.com/ "Fiido")', '<p><a href="https://fiido.com/">shop</a></p>'],
  ['mail link', '[mail](mailto:help@fiido.com)', '<p><a href="mailto:help@fiido.com">mail</a></p>'],
  ['bold link', '**[a](https://b.c/)** [*d*](http://e.f/)', '<p><strong><a href="https://b.c/">a</a></strong> <a href="http://e.f/"><em>d</em></a></p>'],
  ['bare address', '请看https://fiido.com/a。(see https://b.c/d).', '<p>请看<a href="https://fiido.com/a">https://fiido.com/a</a>。(see <a href="https://b.c/d">https://b.c/d</a>).</p>'],
  ['image as a link', '![bike](https://b.c/d.png)', '<p><a href="https://b.c/d.png">bike</a></p>'],
];
for (const [name, text, expected] of SHOWN) {
  test(name, () => assert.equal(render(text), expected));
}

const NO_LINKS = [
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java\tscript:alert(1))',
  '[x](java\nscript:alert(1))',
  '[x](\u0001javascript:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:msgbox)',
  '[x](file:///etc/passwd)',
  '[x](//evil.example)',
  '[x](/api/conversation/clear)',
  '[x](https:evil)',
  '[x](https://)',
  '[x]()',
  '![x](javascript:alert(1))',
  'javascript:alert(1)',
  'xhttps://b.c',
];
for (const text of NO_LINKS) {
  test(`no link: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(elements(built(text)).filter((node) => node.name === 'a'), []);
  });
}

test('an address is what the browser will follow', () => {
  assert.equal(safeHref('HTTPS://Fiido.COM/ü'), 'https://fiido.com/%C3%BC');
  assert.equal(safeHref('https://a.b/"onclick=x'), 'https://a.b/%22onclick=x');
  assert.equal(safeHref(' https://a.b'), null);
});

test('HTML is text', () => {
  const text = '<img src=x onerror=alert(1)> <script>alert(1)</script>\n\n<b>x</b> &lt;';
  const expected = '<p>&lt;img src=x onerror=alert(1)> &lt;script>alert(1)&lt;/script></p><p>&lt;b>x&lt;/b> &amp;lt;</p>';
  assert.equal(render(text), expected);
});

test('links do not nest', () => {
  assert.equal(render('[a [b](https://c.d/) e](https://f.g/)'), '<p>[a <a href="https://c.d/">b</a> e](<a href="https://f.g/">https://f.g/</a>)</p>');
  assert.equal(render('[https://good.example](https://other.example/)'), '<p><a href="https://other.example/">https://good.example</a></p>');
});

test('links open elsewhere and tell nothing to where they lead', () => {
  const link = elements(built('[a](https://b.c)')).find((node) => node.name === 'a');
  assert.equal(link?.props.rel, 'noopener noreferrer');
  assert.equal(link?.props.target, '_blank');
  assert.equal((link?.children.at(-1) as Node).children.join(''), ' (new tab)');
});

const LONG = 40_000;
const HOSTILE: Record<string, string> = {
  stars: '*'.repeat(LONG),
  'stars apart': '*a '.repeat(LONG / 3),
  'stars that open': '**a '.repeat(LONG / 4),
  'alternating markers': '*_'.repeat(LONG / 2),
  'emphasis that nests': `${'*a **b '.repeat(LONG / 14)}${'** *'.repeat(LONG / 8)}`,
  'underscores': '_a_ '.repeat(LONG / 4),
  brackets: '['.repeat(LONG),
  'brackets with one end': `${'['.repeat(LONG)}](https://a.b)`,
  'links that never end': '[a]('.repeat(LONG / 4),
  'links that nest': '[a](https://b.c/('.repeat(LONG / 16),
  ticks: Array.from({ length: 280 }, (_, n) => '`'.repeat(n + 1)).join(' '),
  'odd ticks': '` `` '.repeat(LONG / 5),
  backslashes: '\\'.repeat(LONG),
  'an address that trails off': `https://a${'.'.repeat(LONG)}`,
  'an address of brackets': `https://a${')'.repeat(LONG)}`,
  'addresses': 'http://'.repeat(LONG / 7),
  aitches: 'h'.repeat(LONG),
  quotes: '> '.repeat(LONG / 2),
  'lists in lists': Array.from({ length: 280 }, (_, n) => `${' '.repeat(n)}- a`).join('\n'),
  'lists on a line': '- '.repeat(LONG / 2),
  'many list items': '1. a\n'.repeat(LONG / 5),
  'heading of spaces': `# ${' '.repeat(LONG)}x`,
  'heading of hashes': `# ${'# '.repeat(LONG / 2)}x`,
  'fence of spaces': `\`\`\`${' '.repeat(LONG)}\``,
  fences: '```\n~~~\n'.repeat(LONG / 8),
  'blank lines': '- a\n\n'.repeat(LONG / 5),
  'spaces': ' '.repeat(LONG),
};
for (const [name, text] of Object.entries(HOSTILE)) {
  test(`hostile: ${name}`, () => {
    const before = process.cpuUsage();
    const nodes = elements(built(completed(text)));
    // Of our own: others are busy on the same machine.
    const took = process.cpuUsage(before).user / 1000;
    const allowed = new Set(['p', 'br', 'strong', 'em', 'code', 'pre', 'ul', 'ol', 'li', 'a', 'span']);
    assert.ok(nodes.every((node) => allowed.has(node.name)));
    // Linear takes milliseconds; quadratic would take many seconds.
    assert.ok(took < 2000, `${Math.round(took)} ms`);
  });
}

test('no text is lost to nesting beyond the limit', () => {
  const deep = `${'*a **b '.repeat(10)}x`;
  assert.match(render(deep), /x/);
  const list = Array.from({ length: 12 }, (_, n) => `${'  '.repeat(n)}- item${n}`).join('\n');
  for (let n = 0; n < 12; n += 1) assert.match(render(list), new RegExp(`item${n}\\b`));
});

test('a growing answer shows no half links and no half bold', () => {
  const shown = (text: string) => render(completed(text));
  assert.equal(shown('see the [pro'), '<p>see the pro</p>');
  assert.equal(shown('see the [product page]'), '<p>see the product page</p>');
  assert.equal(shown('see the [product page](https://fi'), '<p>see the product page</p>');
  assert.equal(shown('see [a](https://b.c/) an'), '<p>see <a href="https://b.c/">a</a> an</p>');
  assert.equal(shown('about **4 to '), '<p>about <strong>4 to</strong></p>');
  assert.equal(shown('about **'), '<p>about</p>');
  assert.equal(shown('**a** b'), '<p><strong>a</strong> b</p>');
});

test('every beginning of an answer can be shown: it is rendered while it grows', () => {
  const answer = '**电池**\n\n1. 看[说明](https://fiido.com/a)\n2. `A*B`\n\n```\ncode\n```\n*完*';
  for (let length = 0; length <= answer.length; length += 1) render(completed(answer.slice(0, length)));
});
