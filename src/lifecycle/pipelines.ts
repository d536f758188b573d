import type { Pipeline } from './pipeline.ts';
import { states } from './states.ts';
import { terminate } from './terminate/index.ts';

/** Which pipeline carries a row on from where it stands. A new pipeline is a table and a line here. */
const pipelines: readonly { readonly from: readonly string[]; readonly pipeline: Pipeline }[] = [
  { from: states.terminate, pipeline: terminate },
];

export function pipelineOf(status: string): Pipeline | undefined {
  return pipelines.find(({ from }) => from.includes(status))?.pipeline;
}

/** States that cron acts on. */
export const dueStates: readonly string[] = pipelines.flatMap(({ from }) => from);

export const allPipelines: readonly Pipeline[] = pipelines.map(({ pipeline }) => pipeline);
