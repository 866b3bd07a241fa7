import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { PagePart } from './collector.js';
import type { PageHead } from './format.js';

/** The program of the page, as the build leaves it, and who wrote what is in it. */
export interface PageProgram {
  readonly script: string;
  readonly style: string;
}

/** One self-contained page. Nothing of what it holds is markup: it is base64, and the program makes text of it. */
export function pageHtml(head: Omit<PageHead, 'parts'>, parts: readonly PagePart[], program: PageProgram): string {
  const whole: PageHead = { ...head, parts: parts.map((p) => p.head) };
  const json = Buffer.from(JSON.stringify(whole), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  const columns = packed([length, json, ...parts.flatMap((p) => p.columns)]);
  const bytes = packed(parts.map((p) => p.bytes));
  const { script, style } = program;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="wirelint ${head.version}">
<title>wirelint</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>This page shows ${head.totals.messages} messages and their findings with a program of its own; JavaScript is switched off.</noscript></div>
<script type="application/octet-stream" id="columns">${columns}</script>
<script type="application/octet-stream" id="bytes">${bytes}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Deflated, as base64. */
function packed(pieces: readonly Uint8Array[]): string {
  return deflateRawSync(Buffer.concat(pieces), { level: 9 }).toString('base64');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}
