// The small part of Markdown that answers are written in: paragraphs, line breaks, headings (as bold lines), lists, code,
// bold, italics, links. `parse` makes plain objects of it; view/Answer.tsx makes elements of those.
//
// Invariants: text becomes text nodes and nothing else, so HTML in an answer is shown, never run; a link leads to http,
// https or mailto, or it is not a link; the time is linear in the text's length for any text (an answer that grows is
// parsed again with every piece).

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'break' }
  | { kind: 'strong' | 'em'; children: Inline[] }
  | { kind: 'link'; href: string; children: Inline[] };

export type Block =
  | { kind: 'paragraph' | 'heading'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'list'; ordered: boolean; start: number; items: Block[][] };

interface Found {
  piece?: Inline;
  text?: string;
  end: number;
}

/** Deeper nesting than this is shown as it was written. */
const MAX_DEPTH = 6;

/** A longer address than this is shown as it was written. */
const MAX_TARGET = 2048;

// None of these may backtrack over a long line: what an assistant says can be steered by whoever talks to it.
const LIST_ITEM = /^( *)([-*+]|\d{1,9}[.)]) +(.*)$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const HEADING = /^ {0,3}#{1,6} +(.*)$/;

export function parse(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\t/g, '    ').split('\n');
  return parseBlocks(lines, 0);
}

/**
 * An answer that is still growing, as it would look if it went no further: without the first half of a link, and with
 * the bold that it has begun.
 */
export function completed(text: string): string {
  const shown = text.replace(/\[([^[\]\n]*)(?:\](?:\([^()\s]*)?)?$/, '$1').trimEnd();
  const last = shown.slice(shown.lastIndexOf('\n') + 1);
  const isOpen = last.replace(/([A-Za-z0-9])\*\*(?=[A-Za-z0-9])/g, '$1').split('**').length % 2 === 0;
  if (!isOpen) return shown;
  return shown.endsWith('**') ? shown.slice(0, -2).trimEnd() : `${shown}**`;
}

function parseBlocks(lines: string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const endParagraph = () => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', children: parseInline(paragraph.join('\n'), 0) });
    paragraph = [];
  };
  for (let i = 0; i < lines.length; ) {
    const line = lines[i]!;
    const fence = FENCE.exec(line);
    const heading = HEADING.exec(line);
    if (fence) {
      endParagraph();
      const end = endOfFence(lines, i + 1, fence[1]!);
      blocks.push({ kind: 'code', text: lines.slice(i + 1, end).join('\n') });
      i = end + 1;
    } else if (heading) {
      endParagraph();
      blocks.push({ kind: 'heading', children: parseInline(heading[1]!.trim().replace(/ #+$/, ''), 0) });
      i += 1;
    } else if (depth < MAX_DEPTH && LIST_ITEM.test(line)) {
      endParagraph();
      i = takeList(lines, i, depth, blocks);
    } else {
      if (line.trim() === '') endParagraph();
      else paragraph.push(line.trim());
      i += 1;
    }
  }
  endParagraph();
  return blocks;
}

/** Without an end the code goes on to the end of the text: it is still being written. */
function endOfFence(lines: string[], from: number, opening: string): number {
  for (let i = from; i < lines.length; i += 1) {
    const line = lines[i]!.trim();
    if (line.length >= opening.length && line === opening[0]!.repeat(line.length)) return i;
  }
  return lines.length;
}

function takeList(lines: string[], from: number, depth: number, blocks: Block[]): number {
  const [, indent = '', marker = ''] = LIST_ITEM.exec(lines[from]!)!;
  const ordered = /\d/.test(marker);
  const items: string[][] = [];
  let item: string[] = [];
  let i = from;
  for (; i < lines.length; i += 1) {
    const line = lines[i]!;
    const match = LIST_ITEM.exec(line);
    const lead = line.length - line.trimStart().length;
    if (match && match[1]!.length <= indent.length + 1) {
      if (match[1]!.length + 1 < indent.length || /\d/.test(match[2]!) !== ordered) break;
      item = [match[3]!];
      items.push(item);
    } else if (line.trim() === '') {
      if (!continuesAfterBlank(lines, i, indent.length)) break;
      item.push('');
    } else if (lead > indent.length) {
      item.push(line.slice(Math.min(lead, indent.length + 2)));
    } else if (item.at(-1) !== '' && !match && !FENCE.test(line) && !HEADING.test(line)) {
      item.push(line);
    } else {
      break;
    }
  }
  const start = ordered ? Number.parseInt(marker, 10) : 1;
  blocks.push({ kind: 'list', ordered, start, items: items.map((itemLines) => parseBlocks(itemLines, depth + 1)) });
  return i;
}

/** Whether the first line that is not blank still belongs to the list. A second blank line in a row ends it. */
function continuesAfterBlank(lines: string[], blank: number, indent: number): boolean {
  const next = lines[blank + 1];
  if (next === undefined || next.trim() === '') return false;
  const lead = next.length - next.trimStart().length;
  return lead > indent || (LIST_ITEM.test(next) && lead === indent);
}

const ESCAPABLE = /[!-/:-@[-`{-~]/;
const SPECIAL = /[\\`*_[\n!h]/g;
const BARE_URL = /https?:\/\/[^\s<>"'`*，。；：！？、（）《》【】「」“”]+/iy;

function parseInline(text: string, depth: number): Inline[] {
  const pieces: Inline[] = [];
  // What has been looked for in vain up to the end of this text: looking again would make the whole quadratic.
  const missing = new Set<string>();
  let plain = '';
  const add = (piece: Inline) => {
    if (plain !== '') pieces.push({ kind: 'text', text: plain });
    plain = '';
    pieces.push(piece);
  };
  for (let i = 0; i < text.length; ) {
    SPECIAL.lastIndex = i;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    plain += text.slice(i, next);
    i = next;
    if (i >= text.length) break;
    const found = pieceAt(text, i, depth, missing);
    if (found.piece) add(found.piece);
    else plain += found.text ?? '';
    i = found.end;
  }
  if (plain !== '') pieces.push({ kind: 'text', text: plain });
  return pieces;
}

/** What stands at a special character: a piece, or text, and where it ends. */
function pieceAt(text: string, i: number, depth: number, missing: Set<string>): Found {
  const char = text[i]!;
  if (char === '\n') return { piece: { kind: 'break' }, end: i + 1 };
  if (char === '\\') {
    const next = text[i + 1];
    return next !== undefined && ESCAPABLE.test(next) ? { text: next, end: i + 2 } : { text: '\\', end: i + 1 };
  }
  const found =
    char === '`' ? codeAt(text, i, missing)
    : char === '*' || char === '_' ? emphasisAt(text, i, depth, missing)
    : char === '[' || char === '!' ? linkAt(text, i, depth, missing)
    : bareUrlAt(text, i);
  return found ?? { text: char, end: i + 1 };
}

function runLength(text: string, i: number): number {
  let end = i;
  while (text[end] === text[i]) end += 1;
  return end - i;
}

function codeAt(text: string, i: number, missing: Set<string>): Found {
  const ticks = runLength(text, i);
  const unmatched = { text: text.slice(i, i + ticks), end: i + ticks };
  if (missing.has(`code${ticks}`)) return unmatched;
  for (let at = text.indexOf('`', i + ticks); at >= 0; ) {
    const length = runLength(text, at);
    if (length === ticks) {
      const code = text.slice(i + ticks, at).replaceAll('\n', ' ');
      const padded = code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '';
      return { piece: { kind: 'code', text: padded ? code.slice(1, -1) : code }, end: at + length };
    }
    at = text.indexOf('`', at + length);
  }
  missing.add(`code${ticks}`);
  return unmatched;
}

const isSpace = (char: string | undefined) => char === undefined || /\s/.test(char);
const isWord = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}_]/u.test(char);
/** Between two of these a star is a sign: `80*40*65cm`, `2**3`. In Chinese bold begins and ends without a space. */
const isFigure = (char: string | undefined) => char !== undefined && /[A-Za-z0-9]/.test(char);
const isSign = (text: string, from: number, to: number) => text[from] === '*' && isFigure(text[from - 1]) && isFigure(text[to]);

function emphasisAt(text: string, i: number, depth: number, missing: Set<string>): Found {
  const marker = text[i]!;
  const run = runLength(text, i);
  const size = Math.min(run, 2);
  const unmatched = { text: text.slice(i, i + run), end: i + run };
  const what = marker + size;
  if (run > 3 || depth >= MAX_DEPTH || isSpace(text[i + run]) || missing.has(what)) return unmatched;
  if ((marker === '_' && isWord(text[i - 1])) || isSign(text, i, i + run)) return unmatched;
  for (let at = i + run; (at = text.indexOf(marker, at)) >= 0; ) {
    const length = runLength(text, at);
    const end = at + length;
    const fits = size === 2 ? length >= 2 : length !== 2;
    const escaped = text[at - 1] === '\\';
    const isInside = (marker === '_' && isWord(text[end])) || isSign(text, at, end);
    if (fits && !escaped && !isSpace(text[at - 1]) && !isInside) {
      const children = parseInline(text.slice(i + size, end - size), depth + 1);
      return { piece: { kind: size === 2 ? 'strong' : 'em', children }, end };
    }
    at = end;
  }
  missing.add(what);
  return unmatched;
}

/** `[label](target)`; an image is shown as a link to it, because nothing is loaded from elsewhere. */
function linkAt(text: string, i: number, depth: number, missing: Set<string>): Found | null {
  const open = text[i] === '!' ? i + 1 : i;
  if (text[open] !== '[' || missing.has('link')) return null;
  const labelEnd = endOfLabel(text, open + 1);
  if (labelEnd === undefined) missing.add('link');
  if (labelEnd === undefined || labelEnd <= 0 || text[labelEnd + 1] !== '(') return null;
  const label = text.slice(open + 1, labelEnd);
  const end = endOfTarget(text, labelEnd + 2);
  const written = text.slice(labelEnd + 2, end).trim();
  const target = /^<?([^\s<>]*)>?(?:\s+["'(].*["')])?$/.exec(written)?.[1];
  const href = end !== undefined && target && safeHref(target);
  if (label.trim() === '' || !href || end === undefined) return null;
  return { piece: { kind: 'link', href, children: withoutLinks(parseInline(label, depth + 1)) }, end: end + 1 };
}

/** Of brackets in brackets only the innermost are a label: -1 at another `[`, undefined when there is no end at all. */
function endOfLabel(text: string, from: number): number | undefined {
  for (let i = from; i < text.length; i += 1) {
    if (text[i] === '[') return -1;
    if (text[i] === ']') return i;
  }
  return undefined;
}

/** Where the `)` stands that ends a target, which may itself hold `(…)`. */
function endOfTarget(text: string, from: number): number | undefined {
  let open = 0;
  for (let i = from; i < Math.min(text.length, from + MAX_TARGET) && text[i] !== '\n'; i += 1) {
    if (text[i] === '(') open += 1;
    if (text[i] === ')' && open-- === 0) return i;
  }
  return undefined;
}

function withoutLinks(pieces: Inline[]): Inline[] {
  return pieces.flatMap((piece) => {
    if (!('children' in piece)) return [piece];
    const children = withoutLinks(piece.children);
    return piece.kind === 'link' ? children : [{ ...piece, children }];
  });
}

function bareUrlAt(text: string, i: number): Found | null {
  // ASCII only: in Chinese an address follows its word without a space.
  if (/[A-Za-z0-9_]/.test(text[i - 1] ?? '')) return null;
  BARE_URL.lastIndex = i;
  const match = BARE_URL.exec(text)?.[0];
  if (!match) return null;
  // What ends the sentence does not belong to the address; a `)` does if the address opened it.
  const trailing = match.includes('(') ? '.,;:!?]_~' : '.,;:!?]_~)';
  let length = match.length;
  while (trailing.includes(match[length - 1]!)) length -= 1;
  const url = match.slice(0, length);
  const href = safeHref(url);
  return href ? { piece: { kind: 'link', href, children: [{ kind: 'text', text: url }] }, end: i + length } : null;
}

/** The address if it is one that a customer may be led to, else null. */
export function safeHref(target: string): string | null {
  // Browsers drop control characters inside a scheme (`java\tscript:`), so none is let through.
  if (/[\u0000-\u0020\u007f-\u009f]/.test(target) || !/^(https?:\/\/|mailto:)./i.test(target)) return null;
  try {
    const url = new URL(target);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
