import type { Document, LineCounter, Node, Pair, YAMLMap } from 'yaml';
import type { Environment } from './environment.ts';
import { yamlPackage } from './lazy.ts';
import type { Problem } from './problems.ts';
import { expandVariables, hideVariables } from './variables.ts';

export type Path = readonly (string | number)[];

/** A parsed YAML file: plain data, and where in the file each part of it stands. */
export interface YamlFile {
  readonly file: string;
  readonly data: unknown;
  /** `file:line` of the value at `path`, or of the nearest part around it if there is none. */
  at(path: Path): string;
  /** `file:line` of the key at the end of `path`. */
  atKey(path: Path): string;
  /** Paths (as text) with a variable that could not be replaced: reported, so not to be judged again. */
  readonly unresolved: ReadonlySet<string>;
}

/** `clusters.main.endpoints[0]`. */
export function pathText(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index ? '.' : ''}${part}`)).join('');
}

/** Whether every alias has its anchor: an unquoted secret that begins with `*` looks like one that has none. */
function reportAliases(document: Document.Parsed, report: (offset: number, reason: string) => void): boolean {
  let sound = true;
  yamlPackage().visit(document, {
    Alias(_, node) {
      if (node.resolve(document)) return;
      sound = false;
      report(node.range?.[0] ?? 0, 'an alias (*name) without its anchor; a text that begins with * needs quotes');
    },
  });
  return sound;
}

function offsetOf(node: Node | null | undefined): number | undefined {
  return node?.range?.[0];
}

/**
 * Parses `content` and puts environment variables in place. Syntax errors and missing variables go to `problems`; the
 * data is then what could be understood.
 */
export function parseYaml(file: string, content: string, environment: Environment, problems: Problem[]): YamlFile {
  const { parseDocument, LineCounter, isCollection, isMap, isScalar } = yamlPackage();
  const lines: LineCounter = new LineCounter();
  // Not pretty: pretty errors quote the source, and with it its secrets.
  const document: Document.Parsed = parseDocument(hideVariables(content), { lineCounter: lines, prettyErrors: false });

  function place(offset: number | undefined): string {
    return offset === undefined ? file : `${file}:${lines.linePos(offset).line}`;
  }
  function nodeAt(path: Path): Node | undefined {
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    return isScalar(node) || isCollection(node) ? node : undefined;
  }
  function at(path: Path): string {
    const offset = offsetOf(nodeAt(path));
    return offset !== undefined || path.length === 0 ? place(offset) : at(path.slice(0, -1));
  }
  function atKey(path: Path): string {
    const parent = nodeAt(path.slice(0, -1));
    const pairs: readonly Pair[] = isMap(parent) ? (parent as YAMLMap).items : [];
    const key = pairs.map((pair) => pair.key).find((node) => isScalar(node) && node.value === path.at(-1));
    return isScalar(key) ? place(offsetOf(key)) : at(path);
  }

  function reportSyntax(offset: number, reason: string): void {
    const { line, col } = lines.linePos(offset);
    problems.push({ at: `${file}:${line}:${col}`, path: '', message: `not valid YAML: ${reason}` });
  }
  // Only the error's code: its message may quote the file, and with it a secret.
  for (const { code, pos } of [...document.errors, ...document.warnings]) {
    reportSyntax(pos[0], code.toLowerCase().replaceAll('_', ' '));
  }
  const unresolved = new Set<string>();
  const sound = reportAliases(document, reportSyntax) && document.errors.length === 0;
  if (!sound) return { file, data: undefined, at, atKey, unresolved };
  expandVariables(document, environment, (path, message) => {
    problems.push({ at: at(path), path: pathText(path), message });
    unresolved.add(pathText(path));
  });
  return { file, data: document.toJS(), at, atKey, unresolved };
}
