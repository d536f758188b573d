import { readFileSync, writeFileSync } from 'node:fs';
import { exitCodes, UsageError } from '../../base/errors.ts';
import { clockOf } from '../../settings/clock-setting.ts';
import { faultSpecHelp } from '../../simulator/fault-spec.ts';
import type { CommandSpec, Typed } from '../command.ts';
import { readSettings } from '../session.ts';

export const simulator: CommandSpec = {
  usage: 'simulator',
  description:
    'A simulated Proxmox VE on loopback, for trying things out. Prints one JSON document with its URL and token.',
  examples: [
    'vmctl simulator --ca-out /tmp/ca.pem',
    'vmctl simulator --fault "DELETE /qemu/2003=500:can\'t remove VM 2003 - protection mode enabled"',
  ],
  options: [
    ['--port <n>', 'port (default: a free one)', Number],
    ['--ca-out <file>', 'write the CA certificate there'],
    ['--fault <spec>', `something that goes wrong: ${faultSpecHelp}`],
    ['--world <file>', 'start with this world, as GET /sim/world prints it'],
    ['--release <version>', '7.4, 8.4 or 9.2 (default: 9.2)'],
  ],
  run: serveSimulator,
};

async function serveSimulator(typed: Typed): Promise<number> {
  const { options } = typed;
  const { createProxmoxSimulator, loadWorld } = await import('../../simulator/proxmox/index.ts');
  const { withControl } = await import('../../simulator/control.ts');
  const { parseFaultSpec } = await import('../../simulator/fault-spec.ts');
  const { makeCertificate } = await import('../../simulator/certificate.ts');
  const { serve } = await import('../../simulator/server.ts');
  const release = (['7.4', '8.4', '9.2'] as const).find((known) => known === (options.release ?? '9.2'));
  if (release === undefined) throw new UsageError(`--release: found ${options.release}, expected 7.4, 8.4 or 9.2`);
  const simulated = createProxmoxSimulator({
    clock: clockOf(readSettings(typed).clock),
    release,
    ...(typeof options.world === 'string'
      ? { world: loadWorld(readFileSync(options.world, 'utf8')) }
      : { nodes: ['pve1', 'pve2'] }),
  });
  const token = simulated.addToken({ id: 'vmctl@pve!cron' });
  if (typeof options.fault === 'string') simulated.faults.add(parseFaultSpec(options.fault));
  const certificate = await makeCertificate();
  if (typeof options.caOut === 'string') writeFileSync(options.caOut, certificate.ca);
  const server = await serve(withControl(simulated), { port: Number(options.port ?? 0), tls: certificate });
  const { url } = server;
  process.stdout.write(
    `${JSON.stringify({ url, token: `${token.id}=${token.secret}`, fingerprint: certificate.fingerprint256 })}\n`,
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  return exitCodes.done;
}
