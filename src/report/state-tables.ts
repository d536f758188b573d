/** The rows of a pipeline's table, as far as they are printed. */
export interface PrintedPipeline {
  readonly action: string;
  readonly errorState: string;
  readonly steps: readonly { readonly from: string; readonly does: string; readonly to: string }[];
}

/** All states and the tables of the pipelines, as Markdown. */
export function stateTables(
  groups: Readonly<Record<string, readonly string[]>>,
  pipelines: readonly PrintedPipeline[],
): string {
  const states = Object.entries(groups).map(
    ([group, names]) => `| ${group} | ${names.map((name) => `\`${name}\``).join(' ')} |`,
  );
  const tables = pipelines.map(({ action, errorState, steps }) =>
    [
      `\n### ${action} (on failure: \`${errorState}\`)\n`,
      '| from | does | to |',
      '| --- | --- | --- |',
      ...steps.map(({ from, does, to }) => `| \`${from}\` | ${does} | \`${to}\` |`),
    ].join('\n'),
  );
  return ['| group | states |', '| --- | --- |', ...states, ...tables].join('\n');
}
