import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { PagePart } from './collector.js';
import type { ComparisonPage } from './comparison.js';
import type { PageHead } from './format.js';

/** The page's script and style, as the build made them. */
export interface PageProgram {
  readonly script: string;
  readonly style: string;
}

/** The page of captures. */
export function pageHtml(head: Omit<PageHead, 'parts'>, parts: readonly PagePart[], program: PageProgram): string {
  const whole: PageHead = { ...head, parts: parts.map((p) => p.head) };
  const json = Buffer.from(JSON.stringify(whole), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  const data = { columns: [length, json, ...parts.flatMap((p) => p.columns)], bytes: parts.map((p) => p.bytes) };
  return htmlFile(head.version, `${head.totals.messages} messages and their findings`, data, program);
}

/** The page of a comparison. */
export function comparisonHtml(comparison: ComparisonPage, program: PageProgram): string {
  const data = { comparison: [Buffer.from(JSON.stringify(comparison), 'utf8')] };
  return htmlFile(comparison.version, 'what differs between two captures', data, program);
}

/** One self-contained page with named data, deflated. No data becomes markup: it is base64, and the script only makes text of it. */
function htmlFile(
  version: string,
  what: string,
  data: Readonly<Record<string, readonly Uint8Array[]>>,
  program: PageProgram,
): string {
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
<meta name="generator" content="wirelint ${version}">
<title>wirelint</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>This page shows ${what} with a program of its own; JavaScript is switched off.</noscript></div>
${Object.entries(data)
  .map(([id, pieces]) => `<script type="application/octet-stream" id="${id}">${packed(pieces)}</script>`)
  .join('\n')}
<script>${script}</script>
</body>
</html>
`;
}

/** Deflates bytes and encodes them as base64. */
function packed(pieces: readonly Uint8Array[]): string {
  return deflateRawSync(Buffer.concat(pieces), { level: 9 }).toString('base64');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}
