import { readFileSync, writeFileSync } from 'node:fs';
import { exitCodes, UsageError } from '../../base/errors.ts';
import { clockOf } from '../../settings/clock-setting.ts';
import type { World } from '../../simulator/proxmox/index.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { wholeNumber } from '../numbers.ts';
import { printLine } from '../print.ts';
import { readSettings } from '../session.ts';

const releases = ['7.4', '8.4', '9.2'] as const;

export const simulator: CommandSpec = {
  usage: 'simulator',
  description: 'Serves a simulated Proxmox VE on loopback, and prints one JSON document with its URL and token.',
  examples: [
    'vmctl simulator --ca-out /tmp/ca.pem',
    'vmctl simulator --fault "DELETE /qemu/2003=500:can\'t remove VM 2003 - protection mode enabled"',
  ],
  details: ['It serves until SIGTERM or SIGINT.'],
  options: [
    ['--port <n>', 'port (default: a free one)', wholeNumber(0, 65_535)],
    ['--ca-out <file>', 'write the CA certificate there'],
    ['--fault <spec>', '[METHOD ]PATH-REGEX=ACTION[:text][;nth=N][;times=N][;delay=10s][;after]'],
    ['--world <file>', 'start with this world, as GET /sim/world prints it'],
    ['--release <version>', `${releases.join(', ')} (default: 9.2)`],
  ],
  run: serveSimulator,
};

/** What goes wrong in `work` is wrong with what was given for `option`. */
async function given<T>(option: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new UsageError(`${option}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
      cure: 'vmctl simulator --help says what it takes',
    });
  }
}

async function serveSimulator(typed: Typed): Promise<number> {
  const { port, caOut, fault, world, release: wanted = '9.2' } = typed.options;
  const { createProxmoxSimulator, loadWorld } = await import('../../simulator/proxmox/index.ts');
  const { withControl } = await import('../../simulator/control.ts');
  const { parseFaultSpec } = await import('../../simulator/fault-spec.ts');
  const { makeCertificate } = await import('../../simulator/certificate.ts');
  const { serve } = await import('../../simulator/server.ts');
  const release = releases.find((known) => known === wanted);
  if (release === undefined) throw new UsageError(`--release: found ${wanted}, expected one of ${releases.join(', ')}`);
  const start: { world: World } | { nodes: string[] } =
    typeof world === 'string'
      ? { world: await given('--world', () => loadWorld(readFileSync(world, 'utf8'))) }
      : { nodes: ['pve1', 'pve2'] };
  const simulated = createProxmoxSimulator({ clock: clockOf(readSettings(typed).clock), release, ...start });
  const token = simulated.addToken({ id: 'vmctl@pve!cron' });
  if (typeof fault === 'string') simulated.faults.add(await given('--fault', () => parseFaultSpec(fault)));
  const tls = await makeCertificate();
  if (typeof caOut === 'string') await given('--ca-out', () => writeFileSync(caOut, tls.ca));
  const server = await given('--port', () => serve(withControl(simulated), { port: Number(port ?? 0), tls }));
  const document = { url: server.url, token: `${token.id}=${token.secret}`, fingerprint: tls.fingerprint256 };
  printLine(JSON.stringify(document));
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  return exitCodes.done;
}
