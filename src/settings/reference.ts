import { isMap, valueAt } from './check.ts';
import { zodPackage } from './lazy.ts';
import { clusterSchema } from './sections/clusters.ts';
import { dnsSchema, zoneSchemas } from './sections/dns.ts';
import { packageSchema } from './sections/packages.ts';
import { poolSchema } from './sections/pools.ts';
import { type OptionKey, optionKeys, rowOf } from './table.ts';

/** A table with aligned columns: readable on a terminal too, and as a Markdown formatter would leave it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)));
  const [top = '', ...body] = lines.map(
    (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  return [top, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

function optionRow(key: OptionKey): string[] {
  const { name, kind, secret, description, default: preset, defaultText, environmentOnly } = rowOf(key);
  const names = secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``;
  const fallback = preset === undefined ? (defaultText ?? '–') : `\`${preset}\``;
  return [names, environmentOnly ? '–' : `\`${key}\``, kind.expected, fallback, description];
}

interface Row {
  readonly path: string;
  readonly expected: string;
  readonly fallback: string;
  readonly description: string;
}

function textAt(json: unknown, key: string): string {
  const value = valueAt(json, [key]);
  return typeof value === 'string' ? value : '';
}

/** The rows of one JSON schema: its own if it is a value, else those of its parts. */
function rowsOf(json: unknown, path: string, required: boolean): Row[] {
  const properties = valueAt(json, ['properties']);
  const items = valueAt(json, ['items']);
  if (isMap(properties)) {
    const needed = valueAt(json, ['required']);
    return Object.entries(properties).flatMap(([key, part]) =>
      rowsOf(part, `${path}.${key}`, Array.isArray(needed) && needed.includes(key)),
    );
  }
  if (isMap(items)) return rowsOf(items, `${path}[]`, required);
  if (textAt(json, 'expected') === '') return [];
  const preset = textAt(json, 'default');
  const fallback = preset === '' ? (required ? 'required' : '–') : `\`${preset}\``;
  return [{ path, expected: textAt(json, 'expected'), fallback, description: textAt(json, 'description') }];
}

function section(path: string, schema: ReturnType<ReturnType<typeof zodPackage>['strictObject']>): string {
  const json = zodPackage().toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const rows = rowsOf(json, path, true).map((part) => [
    `\`${part.path}\``,
    part.expected,
    part.fallback,
    part.description,
  ]);
  return table(['Key', 'Value', 'Default', 'Meaning'], rows);
}

/** The reference of all settings, in Markdown: what `vmctl config reference` prints and `docs/configuration.md` holds. */
export function printReference(): string {
  const providers = Object.entries(zoneSchemas).map(
    ([provider, schema]) => `### dns.zones[] with \`provider: ${provider}\`\n\n${section('dns.zones[]', schema())}`,
  );
  return [
    `## Options\n\n${table(['Variable', 'Key in `settings:`', 'Value', 'Default', 'Meaning'], optionKeys.map(optionRow))}`,
    `## YAML\n\n### clusters\n\n${section('clusters.<name>', clusterSchema())}`,
    `### dns\n\n${section('dns', dnsSchema())}`,
    ...providers,
    `### pools\n\n${section('pools[]', poolSchema())}`,
    `### packages\n\n${section('packages[]', packageSchema())}`,
  ]
    .join('\n\n')
    .concat('\n');
}
