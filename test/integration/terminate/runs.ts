import { systemClock } from '../../../src/base/clock.ts';
import type { VmRow } from '../../../src/records/vm-row.ts';
import type { RequestInfo } from '../../../src/simulator/proxmox/index.ts';
import type { Site, SiteOptions } from '../../support/site.ts';

/** Time runs fast, and a busy machine loses no lease by it. */
export const quick = { speed: 50, env: { CLAIM_LEASE_SECONDS: '3600' } } satisfies SiteOptions;

/** What one tick made of one row. */
export interface Run {
  /** Its detail lines, without the label. */
  readonly said: readonly string[];
  /** Its last line, without label and figures: `done result=success`, `waiting: <why>`. */
  readonly end: string;
  readonly alarms: readonly string[];
  /** Exit codes asked for. */
  readonly codes: readonly number[];
  /** The row afterwards. */
  readonly row: VmRow;
}

type TickOptions = Parameters<Site['tick']>[0];

/** A tick for this row alone, so that tests can run beside each other on one site. */
export async function run(site: Site, { id }: Pick<VmRow, 'id'>, options: TickOptions = {}): Promise<Run> {
  const { lines, alarms, result } = await site.tick({ ...options, only: id });
  const said = lines.map((line) => / {4}· (.*)$/.exec(line)?.[1]).filter((line) => line !== undefined);
  const last = lines.at(-1) ?? '';
  const end = last.replace(/^.*\[terminate\] /, '').replace(/ \([\d.]+s\)/, '');
  return { said, end, alarms, codes: [...result.codes], row: await site.row(id) };
}

/** What was sent that changes something of a VM, in order: `POST shutdown`, `DELETE`. */
export function sent(site: Site, vmid: number): string[] {
  const path = new RegExp(`/qemu/${vmid}(?:/status/(\\w+))?$`);
  return site.proxmox.log.flatMap(({ method, path: asked }) => {
    const match = path.exec(asked);
    return match && method !== 'GET' ? [[method, match[1]].filter((part) => part !== undefined).join(' ')] : [];
  });
}

/** Whether a VM is still there. */
export function exists(site: Site, vmid: number): boolean {
  return site.proxmox.world.vms[vmid] !== undefined;
}

/** The next of many VMIDs, so that tests on one site do not meet. */
export function vmidsFrom(first: number): () => number {
  let next = first;
  return () => {
    next += 1;
    return next;
  };
}

/** A request to Proxmox with vmctl's own token, past vmctl. */
export async function asVmctl(site: Site, method: string, path: string, body = ''): Promise<void> {
  const [token] = Object.values(site.proxmox.world.tokens);
  const headers = {
    authorization: `PVEAPIToken=${token?.id}=${token?.secret}`,
    ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
  };
  const { status, reason } = await site.proxmox.handle({ method, url: `/api2/json${path}`, headers, body });
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${reason}`);
}

/** Waits so many milliseconds of the site's time. */
export function pause(ms: number): Promise<void> {
  return systemClock.sleep(ms / quick.speed);
}

/** Waits until `look` finds something. */
export async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await systemClock.sleep(5);
  }
}

/** Lets something happen on the other side as a request comes in. */
export function createHooks() {
  const waiting: { key: string; phase: RequestInfo['phase']; act: () => unknown }[] = [];
  return {
    async onRequest({ method, path, phase }: RequestInfo): Promise<void> {
      const index = waiting.findIndex((hook) => hook.phase === phase && `${method} ${path}`.startsWith(hook.key));
      await waiting.splice(index, index < 0 ? 0 : 1)[0]?.act();
    },
    /** Acts at the next request of this method whose path begins so, before or after its effect. */
    once(method: string, path: string, act: () => unknown, phase: RequestInfo['phase'] = 'before'): void {
      waiting.push({ key: `${method} ${path}`, phase, act });
    },
  };
}
