import type { Document } from 'yaml';
import { registerSecret } from '../base/redact.ts';
import type { Environment } from './environment.ts';
import { yamlPackage } from './lazy.ts';
import { isSecretName } from './secrets.ts';

// In `{ key: ${VAR} }` YAML would take VAR's braces for a map of its own. So before parsing, a variable's `${` and `}`
// become private characters, as many as they were: every position in the file stays right.
const literal = '\uE003';
const open = '\uE000\uE001';
const close = '\uE002';
const written = /\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const hidden = new RegExp(`(${literal}?)${open}([A-Za-z0-9_]+)${close}`, 'g');

/** `content` with `${NAME}` in a form that YAML reads as plain text. `$${NAME}` stands for itself, with one `$`. */
export function hideVariables(content: string): string {
  return content.replaceAll(written, (_, dollar: string, name: string) => `${dollar && literal}${open}${name}${close}`);
}

/** The way back. */
function showVariables(content: string): string {
  return content.replaceAll(hidden, (_, mark: string, name: string) => `${mark && '$'}\${${name}}`);
}

/**
 * Puts the variables' values into the document's scalars. Whatever cannot be replaced is reported with its path.
 * A variable with a secret's name is registered as a secret.
 */
export function expandVariables(
  document: Document.Parsed,
  environment: Environment,
  report: (path: (string | number)[], message: string) => void,
): void {
  const { visit, isPair, isMap, isScalar, isSeq } = yamlPackage();
  visit(document, {
    Scalar(key, node, ancestors) {
      if (typeof node.value !== 'string') return;
      if (key === 'key') {
        node.value = showVariables(node.value);
        return;
      }
      const chain = [...ancestors, node];
      const path = chain.flatMap((part, index): (string | number)[] => {
        if (isPair(part)) return isScalar(part.key) ? [String(part.key.value)] : [];
        const child = chain[index + 1];
        return isSeq(part) && !isMap(part) ? [part.items.indexOf(child)] : [];
      });
      if (node.value.includes('${')) {
        report(path, `found "\${" that begins no variable, expected \${NAME} with letters, digits and underscores`);
      }
      node.value = node.value.replaceAll(hidden, (whole, mark: string, name: string) => {
        if (mark) return `\${${name}}`;
        const variable = environment.getSecret(name);
        if (variable === undefined) {
          report(path, `found \${${name}}, expected the environment variable ${name} (or ${name}_FILE) to be set`);
          return showVariables(whole);
        }
        if (isSecretName(name)) registerSecret(variable.value);
        return variable.value;
      });
    },
  });
}
