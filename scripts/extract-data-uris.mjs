// Rewrites the data: URIs of a style sheet into files beside it.
// Usage: node extract-data-uris.mjs in.css out.css folder url-prefix
//
// A relative url() inside a custom property is resolved against the style
// sheet that uses the property (CSS Variables §3), which is the same file here:
// everything is served as one.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const [input, output, folder, prefix] = process.argv.slice(2);
const written = new Set();

function decode(uri) {
  const [, type, base64, data] = /^data:([^;,]+)(?:;charset=[^;,]+)?(;base64)?,([\s\S]*)$/.exec(uri) ?? [];
  if (type !== 'image/svg+xml') throw new Error(`unexpected data URI: ${uri.slice(0, 60)}`);
  if (base64) return Buffer.from(data, 'base64').toString('utf8');
  return data.replace(/%[0-9a-f]{2}/gi, (hex) => decodeURIComponent(hex));
}

const css = readFileSync(input, 'utf8')
  .replace(/\/\*# sourceMappingURL=.*?\*\//g, '')
  .replace(/url\((["'])(data:[\s\S]*?)\1\)/g, (_, quote, uri) => {
    const svg = decode(uri.replace(/\\(.)/g, '$1'));
    const name = `${createHash('sha256').update(svg).digest('hex').slice(0, 12)}.svg`;
    if (!written.has(name)) {
      writeFileSync(`${folder}/${name}`, svg);
      written.add(name);
    }
    return `url("${prefix}/${name}")`;
  });
if (css.includes('data:')) throw new Error('a data: URI is left in the style sheet');
if (/url\(["']?https?:/.test(css)) throw new Error('the style sheet loads from another host');
writeFileSync(output, css);
console.log(`${output}: ${written.size} images extracted`);
