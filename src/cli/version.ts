import { readFileSync } from 'node:fs';

/** Of the package: both `src/cli` and the built `dist` have it above them. */
function readVersion(): string {
  for (const above of ['../package.json', '../../package.json']) {
    try {
      return JSON.parse(readFileSync(new URL(above, import.meta.url), 'utf8')).version;
    } catch {}
  }
  return 'unknown';
}

export const version = readVersion();
