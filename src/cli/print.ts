/** Prints one JSON document. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
const colour = /\u001B\[[0-9;]*m/g;

/** Columns as wide as their widest cell; colours take no room. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const length = (cell: string) => cell.replace(colour, '').length;
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => length(row[column] ?? ''))));
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - length(cell))));
    printLine(cells.join('  ').trimEnd());
  }
}
