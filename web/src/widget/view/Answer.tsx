/** @jsxImportSource preact */
// An answer's Markdown as elements.
//
// Invariant: text becomes text and nothing else; a link's address has come through `safeHref`.

import type { ComponentChildren, VNode } from 'preact';

import { parse, type Block, type Inline } from '../core/markdown.ts';
import type { Language } from '../texts/languages.ts';
import { languageOf } from './format.ts';

/** `newTab` is what is said of a link to those who do not see that it leads away. */
export function Answer({ text, language, newTab }: { text: string; language: Language; newTab: string }) {
  return (
    <div class="answer" dir="auto" lang={languageOf(text, language)}>
      {toNodes(parse(text), newTab)}
    </div>
  );
}

export function toNodes(blocks: Block[], newTab: string): VNode[] {
  return blocks.map((block) => blockNode(block, newTab));
}

function blockNode(block: Block, newTab: string): VNode {
  switch (block.kind) {
    case 'code':
      // Long lines are scrolled, by keyboard too.
      return (
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      );
    case 'heading':
      return (
        <p>
          <strong>{inline(block.children, newTab)}</strong>
        </p>
      );
    case 'list': {
      const items = block.items.map((blocks) => <li>{toNodes(blocks, newTab)}</li>);
      if (!block.ordered) return <ul>{items}</ul>;
      return <ol start={block.start === 1 ? undefined : block.start}>{items}</ol>;
    }
    case 'paragraph':
      return <p>{inline(block.children, newTab)}</p>;
  }
}

const inline = (pieces: Inline[], newTab: string): ComponentChildren => pieces.map((piece) => inlineNode(piece, newTab));

function inlineNode(piece: Inline, newTab: string): ComponentChildren {
  switch (piece.kind) {
    case 'text':
      return piece.text;
    case 'break':
      return <br />;
    case 'code':
      return <code>{piece.text}</code>;
    case 'strong':
      return <strong>{inline(piece.children, newTab)}</strong>;
    case 'em':
      return <em>{inline(piece.children, newTab)}</em>;
    case 'link':
      return (
        <a href={piece.href} target="_blank" rel="noopener noreferrer">
          {inline(piece.children, newTab)}
          <span class="visually-hidden"> ({newTab})</span>
        </a>
      );
  }
}
