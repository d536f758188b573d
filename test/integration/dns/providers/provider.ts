import { systemClock } from '../../../../src/base/clock.ts';
import { createGotSender, type SenderTimeouts } from '../../../../src/dns/got-sender.ts';
import { createDnsPorts, type DnsPorts } from '../../../../src/dns/ports.ts';
import type { ZoneSettings } from '../../../../src/settings/types.ts';
import { type HttpAnswer, startHttpGate } from '../../../support/http-gate.ts';

/** A DNS server with zones, looked at and changed past the program under test. Hosts without a final dot. */
export interface TestProvider {
  /** Of the server, without a path. */
  readonly url: string;
  /** The settings that lead to a zone, also to one that the server does not have. */
  zone(name: string): ZoneSettings;
  wrongKey(zone: ZoneSettings): ZoneSettings;
  /** `vm1.example.test A` → contents, sorted; without what the zone's own name holds. */
  records(zone: string): Promise<Record<string, string[]>>;
  /** A set that is not there yet, with a TTL of 300. */
  put(zone: string, name: string, type: string, ...contents: string[]): Promise<void>;
  /** Grows with everything that is written. */
  writes(): Promise<number>;
  /** What the API says when it did not do something. */
  readonly failure: string;
  readonly says: { readonly wrongKey: RegExp; readonly noZone: RegExp; readonly failure: RegExp };
  stop(): Promise<void>;
}

/** A provider behind a door that can be shut, hang, or answer with something else. */
export interface GatedProvider {
  readonly server: TestProvider;
  /** Settings that lead through the door. */
  zone(name: string): ZoneSettings;
  /** Requests so far. */
  requests(): number;
  /** What becomes of the requests from now on; the first is number 1. Without it they pass. */
  answer(how?: (request: number) => HttpAnswer | 'cut' | 'hang' | undefined): void;
  stop(): Promise<void>;
}

export async function behindGate(server: TestProvider): Promise<GatedProvider> {
  let how: Parameters<GatedProvider['answer']>[0];
  let base = 0;
  const gate = await startHttpGate(server.url, async ({ phase, index }) => {
    if (phase === 'after') return 'pass';
    const verdict = how?.(index - base);
    if (verdict !== 'hang') return verdict;
    await systemClock.sleep(1_000);
    return 'cut';
  });
  return {
    server,
    zone(name) {
      const zone = server.zone(name);
      return { ...zone, url: zone.url.replace(server.url, gate.url) };
    },
    requests: () => gate.calls,
    answer(next) {
      how = next;
      base = gate.calls;
    },
    async stop() {
      await gate.close();
      await server.stop();
    },
  };
}

export function dnsPorts(timeouts?: SenderTimeouts): DnsPorts {
  return createDnsPorts({ clock: systemClock, send: createGotSender(timeouts) });
}
