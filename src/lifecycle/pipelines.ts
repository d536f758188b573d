import type { Pipeline } from './pipeline.ts';
import { states } from './states.ts';

/**
 * Which pipeline carries a row on from where it stands. A new pipeline is a table and a line here. Loaded when a row needs
 * it: an idle tick asks only for the states.
 */
const pipelines: readonly { readonly from: readonly string[]; readonly load: () => Promise<Pipeline> }[] = [
  { from: states.terminate, load: () => import('./terminate/index.ts').then(({ terminate }) => terminate) },
];

export async function pipelineOf(status: string): Promise<Pipeline | undefined> {
  return pipelines.find(({ from }) => from.includes(status))?.load();
}

/** States that cron acts on. */
export const dueStates: readonly string[] = pipelines.flatMap(({ from }) => from);

export function allPipelines(): Promise<Pipeline[]> {
  return Promise.all(pipelines.map(({ load }) => load()));
}
