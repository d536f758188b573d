import { createInterface } from 'node:readline/promises';
import { RefusedError } from '../base/errors.ts';

/**
 * Lets a human confirm. Without a terminal only `--yes` does.
 * @throws RefusedError when the answer is not yes, or nobody can be asked.
 */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new RefusedError(`nobody can be asked: ${question}`, {
      cure: 'there is no terminal here; repeat with --yes if you mean it. Nothing was changed',
    });
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  prompt.once('close', () => closed.abort());
  try {
    // Ctrl-C and Ctrl-D close the prompt without an answer.
    const answer = await prompt.question(`${question} Type yes to go on: `, { signal: closed.signal }).catch(() => '');
    if (answer.trim().toLowerCase() !== 'yes') throw new RefusedError('not confirmed, nothing was changed');
  } finally {
    prompt.close();
  }
}
