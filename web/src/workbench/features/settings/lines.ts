// Lines of a text, as servers count them: from 1. Pure.

/** From where to where a line reaches, without its end; the last line where there are fewer. */
export function rangeOf(text: string, line: number): [number, number] {
  const lines = text.split('\n');
  const index = Math.min(Math.max(line, 1), lines.length) - 1;
  const start = lines.slice(0, index).reduce((sum, { length }) => sum + length + 1, 0);
  return [start, start + (lines[index]?.length ?? 0)];
}
