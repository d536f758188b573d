import { exitCodes } from '../../base/errors.ts';
import { stateTables } from '../../report/state-tables.ts';
import type { CommandSpec } from '../command.ts';
import { printJson, printLine } from '../print.ts';

export const states: CommandSpec = {
  usage: 'states',
  description: 'Prints every state and the step tables of the pipelines.',
  examples: ['vmctl states', 'vmctl states --json'],
  options: [['--json', 'as one JSON document']],
  run: async ({ options }) => {
    const { states: groups, resetTargets } = await import('../../lifecycle/states.ts');
    const { allPipelines } = await import('../../lifecycle/pipelines.ts');
    const pipelines = (await allPipelines()).map(({ action, errorState, steps }) => ({
      action,
      errorState,
      steps: steps.map(({ from, does, to }) => ({ from, does, to })),
    }));
    if (options.json === true) printJson({ states: groups, pipelines, resetTargets });
    else printLine(stateTables(groups, pipelines));
    return exitCodes.done;
  },
};
